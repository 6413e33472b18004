/* The floor: a bare Paho subscriber that only counts. What it costs, no agent on Paho can go below. */
#include <MQTTAsync.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static _Atomic unsigned long *counted; /* in a file that the harness reads */
static int quality;

static int arrived(void *context, char *topic, int length, MQTTAsync_message *message) {
  (void)context;
  (void)length;
  atomic_fetch_add_explicit(counted, 1, memory_order_relaxed);
  MQTTAsync_freeMessage(&message);
  MQTTAsync_free(topic);
  return 1;
}

static void subscribed(void *context, MQTTAsync_successData5 *data) {
  (void)context;
  (void)data;
  puts("subscribed");
  fflush(stdout);
}

static void failed(void *context, MQTTAsync_failureData5 *data) {
  (void)context;
  fprintf(stderr, "floor: failed: %s\n", data != NULL && data->message != NULL ? data->message : "");
  exit(1);
}

static void connected(void *context, MQTTAsync_successData5 *data) {
  (void)data;
  MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
  options.onSuccess5 = subscribed;
  options.onFailure5 = failed;
  options.context = context;
  if (MQTTAsync_subscribe(context, "sensors/+/telemetry", quality, &options) != MQTTASYNC_SUCCESS) exit(1);
}

/* bench_floor PORT QOS COUNTER_FILE */
int main(int count, char **arguments) {
  if (count != 4) return 64;
  char address[64];
  snprintf(address, sizeof address, "tcp://127.0.0.1:%s", arguments[1]);
  quality = atoi(arguments[2]);
  const int file = open(arguments[3], O_RDWR | O_CREAT, 0600);
  if (file < 0 || ftruncate(file, sizeof *counted) != 0) return 1;
  counted = mmap(NULL, sizeof *counted, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (counted == MAP_FAILED) return 1;

  MQTTAsync client;
  MQTTAsync_createOptions creation = MQTTAsync_createOptions_initializer5;
  if (MQTTAsync_createWithOptions(&client, address, "bench-floor", MQTTCLIENT_PERSISTENCE_NONE, NULL, &creation) !=
      MQTTASYNC_SUCCESS) {
    return 1;
  }
  MQTTAsync_setCallbacks(client, NULL, NULL, arrived, NULL);
  MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer5;
  options.keepAliveInterval = 30;
  options.cleanstart = 1;
  options.onSuccess5 = connected;
  options.onFailure5 = failed;
  options.context = client;
  if (MQTTAsync_connect(client, &options) != MQTTASYNC_SUCCESS) return 1;
  for (;;) pause();
}
