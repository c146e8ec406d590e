package dev.ashlar.internal.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ashlar.NoSuchDeviceException;
import dev.ashlar.RpcException;
import dev.ashlar.testing.Seed;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DispatcherTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final AtomicInteger calls = new AtomicInteger();
  private final Dispatcher dispatcher =
      new Dispatcher(
          new Methods()
              .add("echo", params -> params.all())
              .add("count", params -> calls.incrementAndGet())
              .add(
                  "strict",
                  params -> {
                    final long number = params.number("n", 0, 9);
                    params.end();
                    return number;
                  })
              .add(
                  "own",
                  params -> {
                    throw new RpcException(-7, "seven");
                  })
              .add(
                  "missing",
                  params -> {
                    throw new NoSuchDeviceException("no device");
                  })
              .add(
                  "broken",
                  params -> {
                    throw new IOException("pipe");
                  }));

  private String answer(final String message) throws IOException {
    final ByteArrayOutputStream out = new ByteArrayOutputStream();
    dispatcher.answer(message.getBytes(StandardCharsets.UTF_8), out::write);
    return out.toString(StandardCharsets.UTF_8);
  }

  private JsonNode json(final String message) throws IOException {
    return MAPPER.readTree(answer(message));
  }

  private int code(final String message) throws IOException {
    return json(message).at("/error/code").intValue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"1", "-7", "12345678901234567890123", "1.50", "1E+400", "\"a\\u00e9\"", "null"})
  void anyIdComesBackAsItWas(final String id) throws IOException {
    assertThat(answer("{\"jsonrpc\":\"2.0\",\"method\":\"count\",\"id\":" + id + "}"))
        .isEqualTo(
            "{\"jsonrpc\":\"2.0\",\"id\":" + id.replace("\\u00e9", "é") + ",\"result\":1}\n");
  }

  @Test
  void notificationsAreCarriedOutAndNotAnswered() throws IOException {
    assertThat(answer("{\"jsonrpc\":\"2.0\",\"method\":\"count\"}")).isEmpty();
    assertThat(answer("[{\"method\":\"count\"},{\"method\":\"nobody\"}]")).isEmpty();
    assertThat(calls).hasValue(2);
  }

  @Test
  void theRequestsOfABatchAreAnsweredInOneArray() throws IOException {
    final JsonNode answers =
        json(
            "[{\"method\":\"count\",\"id\":1},{\"method\":\"count\"},3,"
                + "{\"method\":\"count\",\"id\":2}]");
    assertThat(answers).hasSize(3);
    assertThat(answers.at("/0/result").intValue()).isEqualTo(1);
    assertThat(answers.at("/1/error/code").intValue()).isEqualTo(-32600);
    assertThat(answers.at("/2/result").intValue()).isEqualTo(3);
    assertThat(code("[]")).isEqualTo(-32600);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{}",
        "{\"id\":1}",
        "{\"method\":7,\"id\":1}",
        "{\"jsonrpc\":\"1.0\",\"method\":\"count\",\"id\":1}",
        "{\"jsonrpc\":2.0,\"method\":\"count\",\"id\":1}",
        "{\"method\":\"count\",\"id\":[1]}",
        "{\"method\":\"count\",\"id\":true}",
        "{\"method\":\"count\",\"params\":3,\"id\":1}"
      })
  void whatIsNoRequestIsRefused(final String message) throws IOException {
    assertThat(code(message)).isEqualTo(-32600);
    assertThat(calls).hasValue(0);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"method\":\"count\",\"id\":1,\"id\":2}",
        "{'method':'count'}",
        "{\"method\":\"count\",}",
        "{\"method\":\"count\"]",
        "{\"id\":01}",
        "{/**/}",
        "{\"\u0001\":1}"
      })
  void whatIsNoJsonEndsTheConversation(final String message) throws IOException {
    final ByteArrayOutputStream out = new ByteArrayOutputStream();
    assertThat(dispatcher.answer(message.getBytes(StandardCharsets.UTF_8), out::write)).isFalse();
    assertThat(MAPPER.readTree(out.toByteArray()).at("/error/code").intValue()).isEqualTo(-32700);
    assertThat(calls).hasValue(0);
  }

  @Test
  void errorsCarryTheirCause() throws IOException {
    assertThat(code("{\"method\":\"nobody\",\"id\":1}")).isEqualTo(-32601);
    assertThat(code("{\"method\":\"own\",\"id\":1}")).isEqualTo(-7);
    assertThat(code("{\"method\":\"missing\",\"id\":1}")).isEqualTo(-19);
    assertThat(code("{\"method\":\"broken\",\"id\":1}")).isEqualTo(-32603);
    assertThat(json("{\"method\":\"own\",\"id\":1}").at("/error/message").textValue())
        .isEqualTo("seven");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{} | \"n\" is missing",
        "{\"n\":null} | \"n\" is missing",
        "{\"n\":10} | \"n\" must be a whole number from 0 to 9",
        "{\"n\":1.0} | \"n\" must be a whole number from 0 to 9",
        "{\"n\":1e999999999} | \"n\" must be a whole number from 0 to 9",
        "{\"n\":\"1\"} | \"n\" must be a whole number from 0 to 9",
        "{\"n\":1,\"m\":2} | unknown parameter \"m\"; known are [n]",
        "[1] | parameters are given by their names"
      })
  void parametersAreCheckedByName(final String params, final String message) throws IOException {
    final JsonNode error =
        json("{\"method\":\"strict\",\"params\":" + params + ",\"id\":1}").get("error");
    assertThat(error.get("code").intValue()).isEqualTo(-32602);
    assertThat(error.get("message").textValue()).contains(message);
  }

  /**
   * Requests with bytes changed, left out and doubled: always answered with JSON, or not at all.
   */
  @Test
  void mutilatedRequestsAreAnsweredWithJson() throws IOException {
    final SplittableRandom random = Seed.random("DispatcherTest");
    final byte[] request =
        ("[{\"jsonrpc\":\"2.0\",\"method\":\"echo\",\"params\":{\"a\":[1,-2.5e3,null,\"\\u12ab\"]},"
                + "\"id\":\"é\"},{\"method\":\"strict\",\"params\":{\"n\":5},\"id\":7}]")
            .getBytes(StandardCharsets.UTF_8);
    int understood = 0;
    for (int round = 0; round < 5000; round++) {
      final ByteArrayOutputStream out = new ByteArrayOutputStream();
      if (dispatcher.answer(Mutilation.of(request, 200, random), out::write)) {
        understood++;
      }
      if (out.size() > 0) {
        assertThat(MAPPER.readTree(out.toByteArray()).isContainerNode()).isTrue();
      }
    }
    assertThat(understood).as("of which some were still JSON").isBetween(100, 4900);
  }

  /** Any JSON that is within the limits comes back from an echo as it was sent. */
  @Test
  void whatIsSentIsUnderstoodToTheLetter() throws IOException {
    final SplittableRandom random = Seed.random("DispatcherTest");
    for (int round = 0; round < 3000; round++) {
      final ObjectNode params = MAPPER.createObjectNode();
      for (int i = random.nextInt(4); i > 0; i--) {
        params.set(RandomJson.string(random), RandomJson.value(random, 5));
      }
      final JsonNode request =
          MAPPER
              .createObjectNode()
              .put("jsonrpc", "2.0")
              .put("id", round)
              .put("method", "echo")
              .set("params", params);
      final String answer = answer(RandomJson.spaced(request, random));
      assertThat(MAPPER.readTree(answer).get("id").intValue()).isEqualTo(round);
      assertThat(MAPPER.readTree(answer).get("result").toString()).isEqualTo(params.toString());
    }
  }
}
