/* The limit for reading a hive: a bare walk over all its keys and values that looks at every cell line of data and keeps
 * nothing. It trusts the file but for the bounds. For each line on standard input it does one run ("walk": the bytes are
 * in memory; "file": it reads them first) and prints CPU milliseconds, keys, values and bytes of data. */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BASE = 4096, SEGMENT = 16344, DEPTH = 512, LINE = 64 };

static const uint8_t *hive;
static size_t hive_len;
static unsigned long keys, values;
static unsigned long long bytes;
static volatile unsigned seen;

static double cpu_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static uint16_t u16(const uint8_t *at) {
    uint16_t number;
    memcpy(&number, at, sizeof number);
    return number;
}

static uint32_t u32(const uint8_t *at) {
    uint32_t number;
    memcpy(&number, at, sizeof number);
    return number;
}

/* The content of a cell that has at least `need` bytes, or NULL. */
static const uint8_t *cell(uint32_t offset, size_t need) {
    size_t at = (size_t)BASE + offset;
    if (offset == UINT32_MAX || at + 4 > hive_len) return NULL;
    int32_t size = (int32_t)u32(hive + at);
    size_t len = size < 0 ? (size_t)-(int64_t)size : (size_t)size;
    if (len < 4 || len - 4 < need || at + len > hive_len) return NULL;
    return hive + at + 4;
}

static void look(const uint8_t *data, size_t len) {
    unsigned sum = 0;
    for (size_t i = 0; i < len; i += LINE) sum += data[i];
    seen += sum;
}

static void big_data(const uint8_t *header, size_t len) {
    unsigned count = u16(header + 2);
    const uint8_t *list = cell(u32(header + 4), (size_t)count * 4);
    for (unsigned i = 0; list && i < count && len; i++) {
        size_t part = len < SEGMENT ? len : SEGMENT;
        const uint8_t *segment = cell(u32(list + 4 * i), part);
        if (!segment) return;
        look(segment, part);
        len -= part;
    }
}

static void value(uint32_t offset) {
    const uint8_t *vk = cell(offset, 20);
    if (!vk || vk[0] != 'v' || vk[1] != 'k') return;
    look(vk + 20, u16(vk + 2));
    uint32_t size = u32(vk + 4);
    uint32_t len = size & 0x7fffffff;
    values++;
    bytes += len;
    if (size & 0x80000000) { look(vk + 8, len > 4 ? 4 : len); return; }
    if (!len) return;
    const uint8_t *data = cell(u32(vk + 8), 0);
    if (!data) return;
    if (len > SEGMENT && data[0] == 'd' && data[1] == 'b') { big_data(data, len); return; }
    if ((data = cell(u32(vk + 8), len))) look(data, len);
}

static void key(uint32_t offset, int depth);

static void list(uint32_t offset, int depth, int nested) {
    const uint8_t *head = cell(offset, 4);
    if (!head) return;
    unsigned count = u16(head + 2), root = head[0] == 'r', step = root || head[1] == 'i' ? 4 : 8;
    if ((root && nested) || !cell(offset, 4 + (size_t)count * step)) return;
    for (unsigned i = 0; i < count; i++) {
        uint32_t below = u32(head + 4 + (size_t)step * i);
        if (root) list(below, depth, 1); else key(below, depth);
    }
}

static void key(uint32_t offset, int depth) {
    const uint8_t *nk = cell(offset, 76);
    if (!nk || nk[0] != 'n' || nk[1] != 'k' || depth > DEPTH) return;
    keys++;
    look(nk + 76, u16(nk + 72));
    uint32_t count = u32(nk + 36);
    const uint8_t *entries = count ? cell(u32(nk + 40), (size_t)count * 4) : NULL;
    for (uint32_t i = 0; entries && i < count; i++) value(u32(entries + 4 * (size_t)i));
    if (u32(nk + 20)) list(u32(nk + 28), depth + 1, 0);
}

static uint8_t *read_file(const char *path, size_t *len) {
    int file = open(path, O_RDONLY);
    struct stat about;
    if (file < 0 || fstat(file, &about)) { perror(path); exit(1); }
    uint8_t *content = malloc((size_t)about.st_size);
    size_t got = 0;
    while (content && got < (size_t)about.st_size) {
        ssize_t part = read(file, content + got, (size_t)about.st_size - got);
        if (part <= 0) { perror(path); exit(1); }
        got += (size_t)part;
    }
    close(file);
    *len = got;
    return content;
}

int main(int count, char **arguments) {
    if (count != 2) { fprintf(stderr, "usage: regfwalk HIVE\n"); return 1; }
    size_t kept_len;
    uint8_t *kept = read_file(arguments[1], &kept_len);
    char line[32];
    while (fgets(line, sizeof line, stdin)) {
        keys = values = bytes = 0;
        double begun = cpu_ms();
        uint8_t *fresh = NULL;
        hive = kept;
        hive_len = kept_len;
        if (!strncmp(line, "file", 4)) hive = fresh = read_file(arguments[1], &hive_len);
        key(u32(hive + 36), 0);
        double spent = cpu_ms() - begun;
        free(fresh);
        printf("%.6f %lu %lu %llu\n", spent, keys, values, bytes);
        fflush(stdout);
    }
    free(kept);
    return 0;
}
