package dev.ashlar.internal.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ashlar.AshlarRuntime;
import dev.ashlar.RuntimeOptions;
import dev.ashlar.testing.Eventually;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who lets the server wait is hung up on, however busy he is about it. */
@Timeout(60)
class SlowClientsTest {
  private static final int CRUMB_MILLIS = 5;

  /** Many times what a client is given, and far from the time that ends the test. */
  private static final int CRUMBS = 2000;

  @TempDir private Path temp;
  private Server server;

  @AfterEach
  void close() {
    server.close();
  }

  private RpcClient start(final Duration idle) throws IOException {
    final Path socket = temp.resolve("run/rpc.sock");
    server = Server.start(socket, RuntimeOptions.defaults(), true, new Limits(8, idle));
    return new RpcClient(socket);
  }

  @Test
  void silenceIsHungUpOn() throws IOException {
    try (RpcClient silent = start(Duration.ofMillis(200))) {
      assertThat(silent.isHungUp()).isTrue();
    }
  }

  @Test
  void halfARequestIsHungUpOn() throws IOException {
    try (RpcClient halfway = start(Duration.ofMillis(200))) {
      halfway.send("{\"method\":");
      assertThat(halfway.isHungUp()).isTrue();
    }
  }

  /** A byte now and then is no progress, wherever in a request it is. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"{\"method\":\"|x", "{|' '", "{\"a\":[|1", "{}|'\n'"})
  void aRequestInCrumbsIsHungUpOn(final String beginning, final String crumb) throws IOException {
    try (RpcClient slow = start(Duration.ofMillis(200))) {
      slow.send(beginning);
      assertThatThrownBy(
              () -> {
                for (int i = 0; i < CRUMBS; i++) {
                  slow.send(crumb);
                  Eventually.pause(CRUMB_MILLIS);
                }
              })
          .isInstanceOf(IOException.class);
    }
  }

  /** Each request begins anew, so a client that goes on asking stays as long as it likes. */
  @Test
  void requestsInCrumbsAreServedAsLongAsEachIsInTime() throws IOException {
    try (RpcClient busy = start(Duration.ofSeconds(2))) {
      for (int round = 0; round < 4; round++) {
        for (final char next : "{\"method\":\"spdk_get_version\",\"id\":1}".toCharArray()) {
          busy.send(String.valueOf(next));
          Eventually.pause(20);
        }
        assertThat(busy.receive().has("result")).isTrue();
      }
    }
  }

  @Test
  void whoDoesNotTakeHisAnswersIsHungUpOn() throws IOException {
    try (RpcClient deaf = start(Duration.ofMillis(200))) {
      // Asks for more than the socket holds, and takes nothing.
      assertThatThrownBy(
              () -> {
                while (true) {
                  deaf.send("{\"method\":\"rpc_get_methods\",\"id\":1}".repeat(1000));
                }
              })
          .isInstanceOf(IOException.class);
    }
  }

  /**
   * The answers of a batch are one answer. This client takes enough for the server never to wait
   * long, and needs seconds for the whole.
   */
  @Test
  void whoTakesHisAnswerSlowlyIsHungUpOn() throws IOException {
    try (RpcClient slow = start(Duration.ofMillis(200))) {
      final String request = "{\"method\":\"rpc_get_methods\",\"id\":1}";
      slow.send("[" + (request + ",").repeat(5000) + request + "]");
      while (slow.take(16 << 10)) {
        Eventually.pause(2 * CRUMB_MILLIS);
      }
      assertThat(slow.lastTaken()).as("the end of an answer is that of a line").isNotEqualTo('\n');
    }
  }

  @Test
  void aMethodThatWorksLongIsNotIdle() throws Exception {
    final String method = "test_" + UUID.randomUUID();
    AshlarRuntime.register(
        method,
        params -> {
          Thread.sleep(2000);
          return "done";
        });
    try (RpcClient client = start(Duration.ofMillis(500))) {
      assertThat(client.call(method).textValue()).isEqualTo("done");
    }
  }
}
