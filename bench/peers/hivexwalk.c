/* hivex as a peer: opens a hive and asks it for the name of every key, and the name, type and data of every value. For
 * each line on standard input it does one run and prints CPU milliseconds, keys, values and bytes of data. */
#define _POSIX_C_SOURCE 200809L
#include <hivex.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static unsigned long keys, values;
static unsigned long long bytes;

static double cpu_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static void walk(hive_h *hive, hive_node_h node) {
    keys++;
    free(hivex_node_name(hive, node));
    hive_value_h *held = hivex_node_values(hive, node);
    for (hive_value_h *value = held; value && *value; value++) {
        hive_type type;
        size_t len = 0;
        free(hivex_value_key(hive, *value));
        char *data = hivex_value_value(hive, *value, &type, &len);
        if (data) bytes += len;
        values++;
        free(data);
    }
    free(held);
    hive_node_h *below = hivex_node_children(hive, node);
    for (hive_node_h *child = below; child && *child; child++) walk(hive, *child);
    free(below);
}

int main(int count, char **arguments) {
    if (count != 2) { fprintf(stderr, "usage: hivexwalk HIVE\n"); return 1; }
    char line[32];
    while (fgets(line, sizeof line, stdin)) {
        keys = values = bytes = 0;
        double begun = cpu_ms();
        hive_h *hive = hivex_open(arguments[1], 0);
        if (!hive) { perror(arguments[1]); return 1; }
        walk(hive, hivex_root(hive));
        double spent = cpu_ms() - begun;
        hivex_close(hive);
        printf("%.6f %lu %lu %llu\n", spent, keys, values, bytes);
        fflush(stdout);
    }
    return 0;
}
