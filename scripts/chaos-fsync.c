/* Preloaded into redis-server by the chaos test: it writes down how long each
 * file was when its last fsync returned, so that a power cut can be played by
 * cutting the file back to any byte behind that. Now and then it waits before
 * the fsync, as a busy disk does, so that a cut finds something to lose. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int note = -1;

static void noted(int fd) {
  struct stat st;
  char link[64], path[4096], line[4200];
  const char *file = getenv("CHAOS_FSYNC_LOG");
  if (!file || fstat(fd, &st) != 0) return;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, path, sizeof path - 1);
  if (n <= 0) return;
  path[n] = 0;
  if (note < 0) note = open(file, O_WRONLY | O_CREAT | O_APPEND, 0600);
  int len = snprintf(line, sizeof line, "%lld %s\n", (long long)st.st_size, path);
  if (note >= 0 && write(note, line, len) != len) return;
}

static int synced(const char *name, int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  static unsigned calls;
  if (++calls % 7 == 0) usleep(3000);
  int got = real(fd);
  if (got == 0) noted(fd);
  return got;
}

int fsync(int fd) { return synced("fsync", fd); }
int fdatasync(int fd) { return synced("fdatasync", fd); }
