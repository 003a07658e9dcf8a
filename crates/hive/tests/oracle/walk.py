"""Prints what an independent reader sees in hives, for the test `independent_readers`.

    walk.py (hivex | python-registry) HIVE...

For each hive a line `H path`, then `K path time` for each key and `V path name type length hash` for each value, separated
by tabs; times are whole seconds, hashes the first half of SHA-256. Where the reader gives up, a line `E message` follows.

Names are taken as stored (Latin-1 or UTF-16), because python-registry takes one byte per character for
Windows-1252; and so are types, of which it shows the lowest twelve bits.
"""

import datetime
import hashlib
import sys

EPOCH = datetime.datetime(1601, 1, 1)


def escape(name):
    return "".join("\\x%04x" % ord(c) if c < " " or c == "\x7f" or "\ud800" <= c <= "\udfff" or "\x80" <= c < "\xa0" else c for c in name)


def seconds(time):
    return (EPOCH + datetime.timedelta(seconds=time // 10_000_000)).strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")


def key_line(path, time):
    print("K", path, seconds(time), sep="\t")


def value_line(path, name, kind, data):
    print("V", path, escape(name), kind, len(data), hashlib.sha256(data).hexdigest()[:32], sep="\t")


def below(path, name):
    return path + "\\" + escape(name) if path else escape(name)


def stored(record, at, length, compressed):
    return record.unpack_string(at, length).decode("latin-1" if compressed else "utf-16le", "surrogatepass" if not compressed else "strict")


def python_registry(file):
    from Registry import Registry

    def walk(node, path):
        key_line(path, node.unpack_qword(4))
        if node.values_number():
            for value in node.values_list().values():
                name = stored(value, 0x14, value.unpack_word(2), value.unpack_word(0x10) & 1)
                value_line(path, name, value.unpack_dword(0xC), value.raw_data())
        if node.subkey_number():
            for key in node.subkey_list().keys():
                walk(key, below(path, stored(key, 0x4C, key.unpack_word(0x48), key.unpack_word(2) & 0x20)))

    walk(Registry.Registry(file).root()._nkrecord, "")


def hivex(file):
    import hivex

    hive = hivex.Hivex(file)

    def walk(node, path):
        key_line(path, hive.node_timestamp(node))
        for value in hive.node_values(node):
            kind, data = hive.value_value(value)
            value_line(path, hive.value_key(value), kind & 0xFFFFFFFF, data)
        for key in hive.node_children(node):
            walk(key, below(path, hive.node_name(key)))

    walk(hive.root(), "")


reader = {"hivex": hivex, "python-registry": python_registry}[sys.argv[1]]
sys.setrecursionlimit(10_000)
sys.stdout.reconfigure(encoding="utf-8", newline="\n")
for hive in sys.argv[2:]:
    print("H", hive, sep="\t")
    try:
        reader(hive)
    except Exception as error:
        print("E", "%s: %s" % (type(error).__name__, str(error).replace("\n", " ")), sep="\t")
