package io.github.offsetallocator.jmh;

import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// The flags of every JVM that times something, and how to start one.
final class Jvm {
    /// For `malloc` through FFM, LWJGL and Netty.
    static final String NATIVE_ACCESS = "--enable-native-access=ALL-UNNAMED";
    /// LWJGL's default is still `sun.misc.Unsafe`; without this the JVM prints a warning.
    static final String UNSAFE = "--sun-misc-unsafe-memory-access=allow";
    /// For Netty: the default is the size of the heap.
    static final String DIRECT_MEMORY = "-XX:MaxDirectMemorySize=8g";
    /// For Netty: no sampling of leaks.
    static final String NO_LEAK_DETECTION = "-Dio.netty.leakDetection.level=disabled";

    /// The JVM takes another one if it sees a single core; all subjects should have the same.
    static final String COLLECTOR = "-XX:+UseG1GC";

    /// A heap that was touched before anything is timed, with a young generation that is used again and again: or else
    /// those who make objects would be timed while the system hands the JVM its first gigabytes.
    static final List<String> TOUCHED_HEAP = List.of("-Xmx2g", "-Xmn128m", "-XX:+AlwaysPreTouch");

    private Jvm() {}

    /// A process that runs the `main` of a class with this JVM, this class path and the flags above.
    static ProcessBuilder running(Class<?> main, List<String> flags, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(System.getProperty("java.home") + File.separator + "bin" + File.separator + "java");
        command.addAll(List.of(NATIVE_ACCESS, UNSAFE, DIRECT_MEMORY, NO_LEAK_DETECTION, COLLECTOR));
        command.addAll(flags);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command);
    }

    /// Runs a process to its end and returns what it prints, without blanks around it. Its errors are shown.
    static String output(ProcessBuilder builder) throws IOException, InterruptedException {
        Process process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
        String output = new String(process.getInputStream().readAllBytes()).strip();
        int status = process.waitFor();
        if (status != 0) {
            throw new IOException(String.join(" ", builder.command()) + " ended with status " + status + ": " + output);
        }
        return output;
    }
}
