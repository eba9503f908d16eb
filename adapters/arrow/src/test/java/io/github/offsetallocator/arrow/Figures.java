package io.github.offsetallocator.arrow;

import io.github.offsetallocator.SegmentArena;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.apache.arrow.memory.AllocationManager;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;

/// What a buffer of Arrow costs in an arena, and where Arrow takes its memory from by itself: CPU time of a release and an allocation, the median
/// of five JVMs of the median of samples in each. The ways take turns.
///
/// Run: `mvn -q -pl adapters/arrow -am -Pfigures -DskipTests test`; two minutes.
public final class Figures {
    private static final int ROUNDS = 5, SLOTS = 1024, SIZES = 1 << 16, SAMPLES = 50;
    private static final long WARM_UP = 3_000_000_000L, LIMIT = 1 << 30;
    private static final Map<String, String> FACTORIES = new LinkedHashMap<>();

    static {
        FACTORIES.put("SegmentArena, growable, shared", "");
        FACTORIES.put("arrow-memory-unsafe", "org.apache.arrow.memory.unsafe.UnsafeAllocationManager");
        FACTORIES.put("arrow-memory-netty", "org.apache.arrow.memory.netty.NettyAllocationManager");
    }

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private Figures() {}

    /// All of it, or one measurement if a way and a largest size are named.
    public static void main(String[] args) throws Exception {
        if (args.length == 2) {
            System.out.println(measure(factory(FACTORIES.get(args[0])), Integer.parseInt(args[1])));
            System.exit(0);
        }
        for (int largest : new int[] {4096, 1 << 18}) {
            System.out.printf(Locale.ROOT, "buffers of 64 to %,d bytes%n", largest);
            Map<String, double[]> nanos = new LinkedHashMap<>();
            FACTORIES.keySet().forEach(way -> nanos.put(way, new double[ROUNDS]));
            for (int round = 0; round < ROUNDS; round++) {
                for (String way : FACTORIES.keySet()) {
                    nanos.get(way)[round] = fork(way, largest);
                }
            }
            nanos.forEach((way, rounds) -> System.out.printf(Locale.ROOT, "%-32s %,10.0f ns%n", way, median(rounds)));
        }
    }

    private static AllocationManager.Factory factory(String owner) throws ReflectiveOperationException {
        return owner.isEmpty()
                ? ArenaAllocationManager.factory(SegmentArena.builder().growable(16 << 20, LIMIT).shared().build())
                : (AllocationManager.Factory) Class.forName(owner).getField("FACTORY").get(null);
    }

    /// Jars come before the tests' classes, one of which has the name of a class of Arrow's.
    private static double fork(String way, int largest) throws IOException, InterruptedException {
        String path = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .sorted(Comparator.comparing(entry -> !entry.endsWith(".jar")))
                .collect(Collectors.joining(File.pathSeparator));
        List<String> command = List.of(System.getProperty("java.home") + File.separator + "bin" + File.separator + "java",
                "--add-opens=java.base/java.nio=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow", "--enable-native-access=ALL-UNNAMED",
                "-Darrow.memory.debug.allocator=false", "-XX:+UseG1GC", "-Xmx1g", "-cp", path, Figures.class.getName(), way, "" + largest);
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        String output = new String(process.getInputStream().readAllBytes()).strip();
        if (process.waitFor() != 0) {
            throw new IOException(way + " failed: " + output);
        }
        return Double.parseDouble(output.substring(output.lastIndexOf('\n') + 1));
    }

    /// Replaces one of 1,024 buffers.
    private static double measure(AllocationManager.Factory factory, int largest) {
        int[] sizes = new Random(5).ints(SIZES, 64, largest + 1).toArray();
        ArrowBuf[] buffers = new ArrowBuf[SLOTS];
        BufferAllocator root = new RootAllocator(RootAllocator.configBuilder().allocationManagerFactory(factory).maxAllocation(LIMIT).build());
        Arrays.setAll(buffers, _ -> root.buffer(64));
        long start = cpu();
        while (cpu() - start < WARM_UP) {
            replaceAll(root, buffers, sizes);
        }
        double[] samples = new double[SAMPLES];
        for (int i = 0; i < SAMPLES; i++) {
            long before = cpu();
            replaceAll(root, buffers, sizes);
            samples[i] = (double) (cpu() - before) / SIZES;
        }
        return median(samples);
    }

    private static void replaceAll(BufferAllocator root, ArrowBuf[] buffers, int[] sizes) {
        for (int i = 0; i < SIZES; i++) {
            int slot = i & SLOTS - 1 ^ sizes[i] & 255;
            buffers[slot].close();
            buffers[slot] = root.buffer(sizes[i]);
        }
    }

    private static long cpu() {
        return THREADS.getCurrentThreadCpuTime();
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
