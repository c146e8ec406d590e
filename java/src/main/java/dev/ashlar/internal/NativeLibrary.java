package dev.ashlar.internal;

import dev.ashlar.BadConfigurationException;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Finds and loads the native library, once per process.
 *
 * <p>The order: the file or folder that the property {@value #PATH_PROPERTY} names; the library
 * path of the JVM; the copy in the jar, which is extracted into a fresh folder that only this user
 * can enter, loaded, and deleted at once.
 */
final class NativeLibrary {
  static final String PATH_PROPERTY = "dev.ashlar.library.path";
  static final String FOLDER_PROPERTY = "dev.ashlar.tmpdir";
  static final String KEEP_PROPERTY = "dev.ashlar.library.keep";

  private static final String NAME = "ashlar_jni";
  private static final String FILE_NAME = "lib" + NAME + ".so";

  private static boolean loaded;

  private NativeLibrary() {}

  /** Loads the library if it is not loaded and checks that it fits this code. */
  static synchronized void load() {
    if (loaded) {
      return;
    }
    final String given = System.getProperty(PATH_PROPERTY);
    if (given != null && !given.isEmpty()) {
      loadFrom(Path.of(given));
    } else if (!loadFromLibraryPath()) {
      loadFromJar();
    }
    checkAbi();
    loaded = true;
  }

  private static void loadFrom(final Path given) {
    final Path file = Files.isDirectory(given) ? given.resolve(FILE_NAME) : given;
    if (!Files.isRegularFile(file)) {
      throw new BadConfigurationException(
          PATH_PROPERTY + " is " + given + ", but there is no file " + file);
    }
    loadFile(file.toAbsolutePath(), "check the property " + PATH_PROPERTY);
  }

  private static boolean loadFromLibraryPath() {
    try {
      System.loadLibrary(NAME);
      return true;
    } catch (final UnsatisfiedLinkError e) {
      return false; // the usual case: it is not there, the jar has it
    }
  }

  private static void loadFromJar() {
    if (!useFromJar(FILE_NAME, NativeLibrary::loadExtracted)) {
      throw new BadConfigurationException(
          "this build of Ashlar has no native library for "
              + platform()
              + "; name one with the property "
              + PATH_PROPERTY);
    }
  }

  private static void loadExtracted(final Path file) {
    loadFile(
        file,
        "if the folder is mounted without execute permission, name another with the property "
            + FOLDER_PROPERTY);
  }

  /**
   * Finds a library or program that belongs to this one, in the same order, and hands it to its
   * user.
   *
   * @param fileName of it
   * @param user gets the path of the file, which may be gone when it returns
   * @return false if there is no such file
   */
  static boolean useCompanion(final String fileName, final Consumer<Path> user) {
    final String given = System.getProperty(PATH_PROPERTY, "");
    final List<String> folders = new ArrayList<>();
    if (!given.isEmpty()) {
      final Path path = Path.of(given).toAbsolutePath();
      folders.add((Files.isDirectory(path) ? path : path.getParent()).toString());
    }
    folders.addAll(List.of(System.getProperty("java.library.path", "").split(File.pathSeparator)));
    for (final String folder : folders) {
      final Path file = Path.of(folder, fileName).toAbsolutePath();
      if (!folder.isEmpty() && Files.isRegularFile(file)) {
        user.accept(file);
        return true;
      }
    }
    return useFromJar(fileName, user);
  }

  private static boolean useFromJar(final String fileName, final Consumer<Path> user) {
    final String resource = "/META-INF/native/" + platform() + "/" + fileName;
    try (InputStream in = NativeLibrary.class.getResourceAsStream(resource)) {
      if (in == null) {
        return false;
      }
      useExtracted(in, fileName, user);
      return true;
    } catch (final IOException e) {
      throw new BadConfigurationException(
          "cannot extract the native library "
              + fileName
              + ": "
              + e
              + "; name another folder with the property "
              + FOLDER_PROPERTY,
          e);
    }
  }

  private static void useExtracted(
      final InputStream in, final String fileName, final Consumer<Path> user) throws IOException {
    final var onlyOwner =
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    final String parent = System.getProperty(FOLDER_PROPERTY);
    final Path folder =
        parent == null
            ? Files.createTempDirectory("ashlar-", onlyOwner)
            : Files.createTempDirectory(Path.of(parent), "ashlar-", onlyOwner);
    final Path file = folder.resolve(fileName);
    try {
      Files.copy(in, file);
      // Some are programs.
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
      user.accept(file.toAbsolutePath());
    } finally {
      if (!Boolean.getBoolean(KEEP_PROPERTY)) {
        Files.deleteIfExists(file);
        Files.deleteIfExists(folder);
      }
    }
  }

  private static void loadFile(final Path file, final String remedy) {
    try {
      System.load(file.toString());
    } catch (final UnsatisfiedLinkError e) {
      throw new BadConfigurationException(
          "cannot load the native library " + file + ": " + e.getMessage() + "; " + remedy, e);
    }
  }

  private static String platform() {
    final String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    final String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
    return os + "-" + (arch.equals("amd64") ? "x86_64" : arch);
  }

  private static void checkAbi() {
    final int abi;
    try {
      abi = Native.abiVersion();
    } catch (final UnsatisfiedLinkError e) {
      throw new BadConfigurationException("the native library is not Ashlar's", e);
    }
    if (abi != Native.ABI_VERSION) {
      throw mismatch("interface version " + abi + ", must be " + Native.ABI_VERSION, null);
    }
    final long[] theirs = Native.layout();
    final long[] slot = OpSlotLayout.expected();
    final long[] port = PortLayout.expected();
    final long[] ours = Arrays.copyOf(slot, slot.length + port.length);
    System.arraycopy(port, 0, ours, slot.length, port.length);
    if (!Arrays.equals(ours, theirs)) {
      throw mismatch(
          "layout " + Arrays.toString(theirs) + ", must be " + Arrays.toString(ours), null);
    }
  }

  private static BadConfigurationException mismatch(
      final String what, final @Nullable Throwable cause) {
    return new BadConfigurationException(
        "the native library is of another version of Ashlar: " + what, cause);
  }
}
