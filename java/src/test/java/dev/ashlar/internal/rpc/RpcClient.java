package dev.ashlar.internal.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A client of the rpc socket; shares no code with the server. */
final class RpcClient implements AutoCloseable {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final SocketChannel channel;
  private final StringBuilder received = new StringBuilder();
  private int lastId;
  private char lastTaken;

  RpcClient(final Path socket) throws IOException {
    channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    channel.connect(UnixDomainSocketAddress.of(socket));
  }

  /** The result of a call that must not fail. */
  JsonNode call(final String method, final Object... namesAndValues) throws IOException {
    final JsonNode response = response(method, namesAndValues);
    assertThat(response.has("error")).as("%s: %s", method, response).isFalse();
    return response.get("result");
  }

  /** The error of a call that must fail. */
  JsonNode error(final String method, final Object... namesAndValues) throws IOException {
    final JsonNode response = response(method, namesAndValues);
    assertThat(response.has("error")).as("%s: %s", method, response).isTrue();
    return response.get("error");
  }

  private JsonNode response(final String method, final Object... namesAndValues)
      throws IOException {
    final var request = MAPPER.createObjectNode();
    request.put("jsonrpc", "2.0").put("method", method).put("id", ++lastId);
    if (namesAndValues.length > 0) {
      final var params = request.putObject("params");
      for (int i = 0; i < namesAndValues.length; i += 2) {
        params.set((String) namesAndValues[i], MAPPER.valueToTree(namesAndValues[i + 1]));
      }
    }
    send(request.toString());
    final JsonNode response = receive();
    assertThat(response.get("id").intValue()).isEqualTo(lastId);
    return response;
  }

  void send(final String text) throws IOException {
    send(text.getBytes(StandardCharsets.UTF_8));
  }

  void send(final byte[] bytes) throws IOException {
    final ByteBuffer rest = ByteBuffer.wrap(bytes);
    while (rest.hasRemaining()) {
      channel.write(rest);
    }
  }

  /** No more will be sent. */
  void end() throws IOException {
    channel.shutdownOutput();
  }

  /** The next answer: they end with a line. Null if the server has hung up. */
  JsonNode receive() throws IOException {
    while (received.indexOf("\n") < 0) {
      final ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
      if (channel.read(buffer) < 0) {
        assertThat(received).as("a part of an answer").isEmpty();
        return null;
      }
      received.append(StandardCharsets.UTF_8.decode(buffer.flip()));
    }
    final int end = received.indexOf("\n");
    final JsonNode answer = MAPPER.readTree(received.substring(0, end));
    received.delete(0, end + 1);
    return answer;
  }

  /** Takes so many bytes, or fewer, of what the server says; false if it has hung up. */
  boolean take(final int bytes) {
    try {
      final ByteBuffer buffer = ByteBuffer.allocate(bytes);
      final int count = channel.read(buffer);
      if (count > 0) {
        lastTaken = (char) buffer.get(count - 1);
      }
      return count >= 0;
    } catch (final IOException e) {
      return false;
    }
  }

  /** The last byte that was taken so. */
  char lastTaken() {
    return lastTaken;
  }

  /** Whether the server has hung up; what it says before is thrown away. */
  boolean isHungUp() {
    try {
      while (receive() != null) {}
      return true;
    } catch (final IOException e) {
      return true; // it did not even read what was sent
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
