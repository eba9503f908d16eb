package io.github.offsetallocator.jmh;

import com.sun.management.ThreadMXBean;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

/// A JVM that measures one subject on one piece of work, prints what it found as a line of JSON, and ends. Also the
/// flags of all JVMs that measure something.
final class Fork {
    /// For `malloc` through FFM, LWJGL and Netty.
    static final String NATIVE_ACCESS = "--enable-native-access=ALL-UNNAMED";
    /// LWJGL's and Netty's default is still `sun.misc.Unsafe`; without this the JVM prints a warning.
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

    /// Time and garbage of threads.
    static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private Fork() {}

    /// Starts one and waits for its end.
    ///
    /// @param main whose `main` calls [#answer(Callable)]
    /// @return by measure: all raw numbers
    static Map<String, double[]> run(Class<?> main, List<String> flags, List<String> arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(System.getProperty("java.home") + File.separator + "bin" + File.separator + "java");
        command.addAll(List.of(NATIVE_ACCESS, UNSAFE, DIRECT_MEMORY, NO_LEAK_DETECTION, COLLECTOR));
        command.addAll(flags);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(arguments);
        return Results.parseNumbers(output(command));
    }

    /// Runs a program to its end and returns what it prints, without blanks around it. Its errors are shown.
    static String output(List<String> command) throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        String output = new String(process.getInputStream().readAllBytes()).strip();
        int status = process.waitFor();
        if (status != 0) {
            throw new IOException(String.join(" ", command) + " ended with status " + status + ": " + output);
        }
        return output;
    }

    /// In the new JVM: measures and prints. On a thread for which Netty uses its caches, as on Netty's own event loops.
    static void answer(Callable<Map<String, double[]>> measurement) throws InterruptedException {
        Thread thread = new FastThreadLocalThread(() -> {
            try {
                System.out.println(Results.line(measurement.call()));
            } catch (Throwable e) {
                e.printStackTrace();
                System.exit(1);
            }
        });
        thread.start();
        thread.join();
        System.exit(0);
    }

    /// Time that this thread has worked, not that which others had the core.
    static long cpuNanos() {
        return THREADS.getCurrentThreadCpuTime();
    }
}
