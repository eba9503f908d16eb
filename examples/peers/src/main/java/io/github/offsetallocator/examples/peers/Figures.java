package io.github.offsetallocator.examples.peers;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import io.github.offsetallocator.SegmentArena;
import io.netty.buffer.AdaptiveByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.io.File;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;
import org.apache.datasketches.common.MemorySegmentRequest;
import org.apache.datasketches.common.MemorySegmentRequestExample;
import org.apache.datasketches.theta.UpdatableThetaSketch;
import org.lwjgl.system.Configuration;
import org.lwjgl.system.MemoryUtil;

/// What each library costs with an arena, and with what it uses by itself: CPU time of the thread, the median of three JVMs of
/// the median of samples in each. The ways take turns.
///
/// Run: `mvn -q -pl examples/peers -am -Pfigures compile`; five to ten minutes.
public final class Figures {
    private static final int ROUNDS = 3, SLOTS = 1024, SIZES = 1 << 16, LARGEST = 4096, FLOATS = 1000, CHUNK = 8192;
    private static final int PAUSES = 5, PAUSE_MILLIS = 400;
    private static final long WARM_UP = 400_000_000, SAMPLING = 1_000_000_000, SAMPLE = 10_000_000;

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private enum Way {
        LWJGL_ARENA, LWJGL_DEFAULT, NETTY_ARENA, NETTY_ADAPTIVE, NETTY_POOLED, SKETCH_ARENA, SKETCH_DEFAULT, SKETCH_CONFINED,
        BUFFER_ARENA, BUFFER_DIRECT, BUFFER_HEAP, TENSOR_ARENA, TENSOR_DIRECT, TENSOR_HEAP
    }

    private interface Work {
        void run() throws Exception;
    }

    private Figures() {}

    /// All of it, or one measurement if a way is named.
    public static void main(String[] args) throws Exception {
        if (args.length == 1) {
            Thread thread = new FastThreadLocalThread(() -> { // as Netty's event loops are
                try {
                    System.out.println(measure(work(Way.valueOf(args[0]))));
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            });
            thread.start();
            thread.join();
            System.exit(0);
        }
        double[][] nanos = new double[Way.values().length][ROUNDS];
        for (int round = 0; round < ROUNDS; round++) {
            for (Way way : Way.values()) {
                nanos[way.ordinal()][round] = fork(way);
            }
        }
        for (Way way : Way.values()) {
            System.out.printf(Locale.ROOT, "%-16s %,12.1f ns%n", way.name().toLowerCase(Locale.ROOT).replace('_', ' '), median(nanos[way.ordinal()]));
        }
    }

    private static double fork(Way way) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(System.getProperty("java.home") + File.separator + "bin" + File.separator + "java",
                "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow", "-Dio.netty.leakDetection.level=disabled",
                "-XX:+UseG1GC", "-Xmx1g", "-cp", System.getProperty("java.class.path"), Figures.class.getName(), way.name())
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        String output = new String(process.getInputStream().readAllBytes()).strip();
        if (process.waitFor() != 0) {
            throw new IOException(way + " failed: " + output);
        }
        return Double.parseDouble(output);
    }

    private static double measure(Work work) throws Exception {
        double nanos = 0;
        for (int pause = 0; pause < PAUSES; pause++) { // in which the JVM's compilers catch up, also on a crowded machine
            long start = cpu();
            long calls = 0;
            while (cpu() - start < WARM_UP) {
                for (int i = 0; i < 100; i++, calls++) {
                    work.run();
                }
            }
            nanos = (double) (cpu() - start) / calls;
            Thread.sleep(PAUSE_MILLIS);
        }
        int repeats = (int) Math.max(1, SAMPLE / nanos);
        double[] samples = new double[(int) (SAMPLING / SAMPLE)];
        for (int sample = 0; sample < samples.length; sample++) {
            long before = cpu();
            for (int i = 0; i < repeats; i++) {
                work.run();
            }
            samples[sample] = (double) (cpu() - before) / repeats;
        }
        return median(samples);
    }

    private static long cpu() {
        return THREADS.getCurrentThreadCpuTime();
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private static SegmentArena arena() {
        return SegmentArena.ofShared(64 << 20);
    }

    private static Work work(Way way) throws Exception {
        return switch (way) {
            case LWJGL_ARENA -> lwjgl(new ArenaMemoryAllocator(arena()));
            case LWJGL_DEFAULT -> lwjgl(null);
            case NETTY_ARENA -> netty(new ArenaByteBufAllocator(arena()));
            case NETTY_ADAPTIVE -> netty(new AdaptiveByteBufAllocator(true));
            case NETTY_POOLED -> netty(new PooledByteBufAllocator(true));
            case SKETCH_ARENA -> {
                SegmentArena arena = SegmentArena.ofConfined(64 << 20);
                yield () -> {
                    try (SketchMemory memory = new SketchMemory(arena)) {
                        count(memory, memory.request(1 << 10));
                    }
                };
            }
            case SKETCH_DEFAULT -> () -> count(MemorySegmentRequest.DEFAULT, MemorySegmentRequest.DEFAULT.request(1 << 10));
            case SKETCH_CONFINED -> () -> {
                MemorySegmentRequestExample memory = new MemorySegmentRequestExample();
                count(memory, memory.request(1 << 10));
                memory.cleanup();
            };
            case BUFFER_ARENA -> {
                SegmentArena arena = arena();
                FileChannel channel = file();
                yield () -> {
                    MemorySegment slice = arena.allocate(CHUNK, 64);
                    channel.read(slice.asByteBuffer(), 0);
                    arena.free(slice);
                };
            }
            case BUFFER_DIRECT -> read(true);
            case BUFFER_HEAP -> read(false);
            case TENSOR_ARENA -> {
                SegmentArena arena = arena();
                OrtEnvironment environment = OrtEnvironment.getEnvironment();
                float[] numbers = new float[FLOATS];
                yield () -> {
                    try (ArenaTensor tensor = ArenaTensor.ofFloats(environment, arena, FLOATS)) {
                        MemorySegment.copy(numbers, 0, tensor.slice(), ValueLayout.JAVA_FLOAT, 0, FLOATS);
                    }
                };
            }
            case TENSOR_DIRECT -> tensors(true);
            case TENSOR_HEAP -> tensors(false);
        };
    }

    /// Replaces one of 1,024 blocks of 16 to 4,096 bytes.
    private static Work lwjgl(MemoryUtil.MemoryAllocator allocator) {
        if (allocator != null) {
            Configuration.MEMORY_ALLOCATOR.set(allocator);
        }
        long[] blocks = new long[SLOTS];
        int[] sizes = sizes();
        int[] next = {0};
        return () -> {
            int i = next[0]++ & SIZES - 1;
            MemoryUtil.nmemFree(blocks[i & SLOTS - 1 ^ sizes[i] & 255]);
            blocks[i & SLOTS - 1 ^ sizes[i] & 255] = MemoryUtil.nmemAllocChecked(sizes[i]);
        };
    }

    private static Work netty(ByteBufAllocator allocator) {
        ByteBuf[] blocks = new ByteBuf[SLOTS];
        Arrays.setAll(blocks, _ -> allocator.directBuffer(16));
        int[] sizes = sizes();
        int[] next = {0};
        return () -> {
            int i = next[0]++ & SIZES - 1;
            blocks[i & SLOTS - 1 ^ sizes[i] & 255].release();
            blocks[i & SLOTS - 1 ^ sizes[i] & 255] = allocator.directBuffer(sizes[i]);
        };
    }

    private static int[] sizes() {
        return new Random(5).ints(SIZES, 16, LARGEST + 1).toArray();
    }

    /// A sketch that grows three times.
    private static void count(MemorySegmentRequest memory, MemorySegment first) {
        UpdatableThetaSketch sketch = UpdatableThetaSketch.builder().setNominalEntries(4096).setMemorySegmentRequest(memory).build(first);
        for (long i = 0; i < 5000; i++) {
            sketch.update(i);
        }
    }

    private static FileChannel file() throws IOException {
        Path file = Files.createTempFile("figures", "");
        file.toFile().deleteOnExit();
        Files.write(file, new byte[CHUNK]);
        return FileChannel.open(file, StandardOpenOption.READ);
    }

    private static Work read(boolean direct) throws IOException {
        FileChannel channel = file();
        return () -> channel.read(direct ? ByteBuffer.allocateDirect(CHUNK) : ByteBuffer.allocate(CHUNK), 0);
    }

    private static Work tensors(boolean direct) {
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        float[] numbers = new float[FLOATS];
        return () -> {
            FloatBuffer buffer = direct ? ByteBuffer.allocateDirect(4 * FLOATS).order(ByteOrder.nativeOrder()).asFloatBuffer().put(numbers).flip()
                    : FloatBuffer.wrap(numbers);
            try (OnnxTensor tensor = OnnxTensor.createTensor(environment, buffer, new long[] {FLOATS})) {
                tensor.getInfo();
            }
        };
    }
}
