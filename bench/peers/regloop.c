/* The limit for export and import under Wine: a loop over the native registry calls and nothing else. For each line on
 * standard input it does one run and prints milliseconds, keys and values:
 *   set     writes the keys and values of the flat file (argument 1; src/registry_files.rs describes it)
 *   enum    enumerates all keys and values with their data
 *   delete  deletes the subtree
 *   save    saves the subtree into a file by RegSaveKeyEx, and reads that
 *   hash    enumerates and prints as first number a hash of all it met, in any order */
#define UNICODE
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <winternl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static const WCHAR ROOT[] = L"Software\\MetaProfilesBench";

enum { KEY_BASIC = 0, VALUE_FULL = 1, MORE = 0x8000001A, PATH_UNITS = 4096, ROOM = 1 << 20 };

typedef struct { LARGE_INTEGER written; ULONG title, name_len; WCHAR name[1]; } key_basic;
typedef struct { ULONG title, type, data_at, data_len, name_len; WCHAR name[1]; } value_full;

NTSTATUS NTAPI NtEnumerateKey(HANDLE, ULONG, int, void *, ULONG, ULONG *);
NTSTATUS NTAPI NtEnumerateValueKey(HANDLE, ULONG, int, void *, ULONG, ULONG *);
NTSTATUS NTAPI NtOpenKey(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *);
NTSTATUS NTAPI NtCreateKey(HANDLE *, ACCESS_MASK, OBJECT_ATTRIBUTES *, ULONG, UNICODE_STRING *, ULONG, ULONG *);
NTSTATUS NTAPI NtSetValueKey(HANDLE, UNICODE_STRING *, ULONG, ULONG, const void *, ULONG);

static unsigned long keys, values;
static int hashing;
static uint64_t hash;
static uint8_t *flat;

static void fail(const char *doing, long status) {
    fprintf(stderr, "cannot %s: %lx\n", doing, (unsigned long)status);
    exit(1);
}

static double now_ms(void) {
    LARGE_INTEGER rate, now;
    QueryPerformanceFrequency(&rate);
    QueryPerformanceCounter(&now);
    return now.QuadPart * 1e3 / rate.QuadPart;
}

static uint64_t fnv(uint64_t sum, const void *data, size_t len) {
    for (const uint8_t *at = data, *end = at + len; at < end; at++) sum = (sum ^ *at) * 1099511628211u;
    return sum;
}

static UNICODE_STRING counted(WCHAR *name, size_t bytes) {
    return (UNICODE_STRING){(USHORT)bytes, (USHORT)bytes, name};
}

static OBJECT_ATTRIBUTES below(HANDLE parent, UNICODE_STRING *name) {
    return (OBJECT_ATTRIBUTES){.Length = sizeof(OBJECT_ATTRIBUTES),
                               .RootDirectory = parent,
                               .ObjectName = name,
                               .Attributes = OBJ_CASE_INSENSITIVE};
}

static void enumerate(HANDLE key, uint64_t path) {
    static uint8_t room[ROOM];
    ULONG len;
    NTSTATUS status;
    keys++;
    for (ULONG index = 0; !(status = NtEnumerateValueKey(key, index, VALUE_FULL, room, ROOM, &len)); index++) {
        value_full *value = (value_full *)room;
        values++;
        if (!hashing) continue;
        uint64_t one = fnv(path, value->name, value->name_len);
        one = fnv(one, &value->type, sizeof value->type);
        hash += fnv(one, room + value->data_at, value->data_len);
    }
    if ((DWORD)status != MORE) fail("enumerate values", status);
    for (ULONG index = 0;; index++) {
        uint8_t small[1024];
        status = NtEnumerateKey(key, index, KEY_BASIC, small, sizeof small, &len);
        if (status) break;
        key_basic *found = (key_basic *)small;
        UNICODE_STRING name = counted(found->name, found->name_len);
        OBJECT_ATTRIBUTES attributes = below(key, &name);
        HANDLE child;
        if ((status = NtOpenKey(&child, KEY_READ, &attributes))) fail("open key", status);
        enumerate(child, hashing ? fnv(path, found->name, found->name_len) : 0);
        CloseHandle(child);
    }
    if ((DWORD)status != MORE) fail("enumerate keys", status);
}

static void set(HANDLE root) {
    HANDLE key = root;
    WCHAR text[PATH_UNITS];
    for (const uint8_t *at = flat; *at;) {
        uint8_t kind = *at++;
        uint16_t len;
        memcpy(&len, at, sizeof len);
        at += sizeof len;
        NTSTATUS status;
        if (kind == 1) {
            memcpy(text, at, len);
            at += len;
            keys++;
            if (key != root) CloseHandle(key);
            key = root;
            if (!len) continue;
            UNICODE_STRING name = counted(text, len);
            OBJECT_ATTRIBUTES attributes = below(root, &name);
            status = NtCreateKey(&key, KEY_SET_VALUE | KEY_CREATE_SUB_KEY, &attributes, 0, NULL, 0, NULL);
            if (status) fail("create key", status);
        } else {
            uint32_t type, data_len;
            memcpy(&type, at, sizeof type);
            memcpy(&data_len, at + 4, sizeof data_len);
            at += 8;
            memcpy(text, at, len);
            UNICODE_STRING name = counted(text, len);
            values++;
            if ((status = NtSetValueKey(key, &name, 0, type, at + len, data_len))) fail("set value", status);
            at += len + data_len;
        }
    }
    if (key != root) CloseHandle(key);
}

static void load(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) fail("open the flat file", 0);
    fseek(file, 0, SEEK_END);
    long len = ftell(file);
    rewind(file);
    flat = malloc((size_t)len);
    if (!flat || fread(flat, 1, (size_t)len, file) != (size_t)len) fail("read the flat file", 0);
    fclose(file);
}

static void save(HKEY key) {
    static uint8_t room[ROOM];
    const WCHAR *path = L"C:\\regloop-saved.hive";
    DeleteFileW(path);
    LSTATUS status = RegSaveKeyExW(key, path, NULL, REG_LATEST_FORMAT);
    if (status) fail("save", status);
    FILE *file = _wfopen(path, L"rb");
    if (!file) fail("open what was saved", 0);
    while (fread(room, 1, ROOM, file)) {}
    fclose(file);
}

static void may_save(void) {
    HANDLE token;
    TOKEN_PRIVILEGES wanted = {.PrivilegeCount = 1, .Privileges[0].Attributes = SE_PRIVILEGE_ENABLED};
    LookupPrivilegeValueW(NULL, L"SeBackupPrivilege", &wanted.Privileges[0].Luid);
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES, &token)) fail("open the token", 0);
    AdjustTokenPrivileges(token, FALSE, &wanted, 0, NULL, NULL);
    CloseHandle(token);
}

int main(int count, char **arguments) {
    if (count != 2) fail("start: usage: regloop FLAT-FILE", 0);
    load(arguments[1]);
    may_save();
    char line[32];
    while (fgets(line, sizeof line, stdin)) {
        HKEY key;
        keys = values = 0;
        hash = 0;
        hashing = !strncmp(line, "hash", 4);
        double begun = now_ms();
        if (!strncmp(line, "delete", 6)) {
            LSTATUS status = RegDeleteTreeW(HKEY_CURRENT_USER, ROOT);
            if (status && status != ERROR_FILE_NOT_FOUND) fail("delete", status);
        } else if (!strncmp(line, "set", 3)) {
            LSTATUS status = RegCreateKeyExW(HKEY_CURRENT_USER, ROOT, 0, NULL, 0, KEY_ALL_ACCESS, NULL, &key, NULL);
            if (status) fail("create", status);
            set(key);
            RegCloseKey(key);
        } else {
            LSTATUS status = RegOpenKeyExW(HKEY_CURRENT_USER, ROOT, 0, KEY_READ, &key);
            if (status) fail("open", status);
            if (!strncmp(line, "save", 4)) save(key); else enumerate(key, 14695981039346656037u);
            RegCloseKey(key);
        }
        double spent = now_ms() - begun;
        if (hashing) printf("%llu", (unsigned long long)(hash >> 12)); else printf("%.6f", spent);
        printf(" %lu %lu\n", keys, values);
        fflush(stdout);
    }
    return 0;
}
