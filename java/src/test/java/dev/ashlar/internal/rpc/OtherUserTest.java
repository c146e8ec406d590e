package dev.ashlar.internal.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ashlar.RuntimeOptions;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A process of another user has found its way to the socket: somebody has opened folder and socket
 * to it. It is not served all the same.
 */
@Timeout(60)
class OtherUserTest {
  private static final List<String> AS_NOBODY =
      List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups");

  /** Needs nothing but a JDK, which every user can run. */
  private static final String CLIENT =
      """
      import java.net.StandardProtocolFamily;
      import java.net.UnixDomainSocketAddress;
      import java.nio.ByteBuffer;
      import java.nio.channels.SocketChannel;

      class Client {
        public static void main(String[] socket) throws Exception {
          try (var channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(socket[0]));
            System.out.println("connected");
            channel.write(ByteBuffer.wrap("{\\"method\\":\\"rpc_get_methods\\",\\"id\\":1}".getBytes()));
            System.out.println(channel.read(ByteBuffer.allocate(1)) > 0 ? "answered" : "hung up");
          } catch (java.io.IOException e) {
            System.out.println("hung up, " + e.getMessage());
          }
        }
      }
      """;

  @TempDir private Path temp;

  @BeforeEach
  void needsRoot() throws Exception {
    assumeTrue(
        (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid") == 0,
        "needs root, to start a process of another user");
    final Process probe = new ProcessBuilder(command(AS_NOBODY, "true")).start();
    assumeTrue(probe.waitFor() == 0, "setpriv cannot change the user here");
  }

  private static List<String> command(final List<String> prefix, final String... words) {
    final List<String> command = new ArrayList<>(prefix);
    command.addAll(List.of(words));
    return command;
  }

  private static void open(final Path path, final String mode) throws Exception {
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
  }

  @Test
  void processesOfOtherUsersAreHungUpOn() throws Exception {
    final Path source = Files.writeString(temp.resolve("Client.java"), CLIENT);
    assertThat(ToolProvider.getSystemJavaCompiler().run(null, null, null, source.toString()))
        .isZero();
    final Path socket = temp.resolve("run/rpc.sock");
    final Server server = Server.start(socket, RuntimeOptions.defaults(), true);
    try {
      assertThat(run(List.of(), socket)).containsExactly("connected", "answered");
      open(temp, "rwxr-xr-x");
      open(socket.getParent(), "rwxr-xr-x");
      open(socket, "rw-rw-rw-");
      final List<String> refused = run(AS_NOBODY, socket);
      assertThat(refused).hasSize(2).startsWith("connected");
      assertThat(refused.get(1)).startsWith("hung up");
      assertThat(run(List.of(), socket)).contains("answered");
    } finally {
      server.close();
    }
  }

  private List<String> run(final List<String> prefix, final Path socket) throws Exception {
    final String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    final Process process =
        new ProcessBuilder(
                command(prefix, java, "-cp", temp.toString(), "Client", socket.toString()))
            .redirectErrorStream(true)
            .start();
    final String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output.lines().toList();
  }
}
