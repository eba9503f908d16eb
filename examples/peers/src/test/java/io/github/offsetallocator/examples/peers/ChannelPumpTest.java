package io.github.offsetallocator.examples.peers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.SegmentArena;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.Pipe;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Which channels of the JDK take buffers of which arenas.
class ChannelPumpTest {
    private static final int SIZE = 300_000;

    @TempDir
    Path directory;
    private final byte[] content = new byte[SIZE];
    private Path source;

    enum Kind {
        CONFINED, SHARED, GROWABLE, GROWABLE_SHARED, MAPPED, BORROWED, HEAP;

        SegmentArena open(Path directory) {
            return switch (this) {
                case CONFINED -> SegmentArena.ofConfined(1 << 20);
                case SHARED -> SegmentArena.ofShared(1 << 20);
                case GROWABLE -> SegmentArena.builder().growable(64 << 10, 1 << 20).build();
                case GROWABLE_SHARED -> SegmentArena.builder().growable(64 << 10, 1 << 20).shared().build();
                case MAPPED -> SegmentArena.builder().mapped(directory.resolve("mapped"), 1 << 20).build();
                case BORROWED -> SegmentArena.ofShared(Arena.ofAuto().allocate(1 << 20, 64));
                case HEAP -> SegmentArena.ofShared(MemorySegment.ofArray(new long[1 << 17]));
            };
        }

        boolean isOfOneThread() {
            return this == CONFINED || this == GROWABLE || this == MAPPED;
        }
    }

    @BeforeEach
    void write() throws IOException {
        new Random(3).nextBytes(content);
        source = Files.write(directory.resolve("source"), content);
    }

    private static SegmentArena byteArrayArena() {
        return SegmentArena.ofConfined(MemorySegment.ofArray(new byte[1 << 16]));
    }

    /// A channel reads nothing into it, and goes on saying so.
    @Test
    void aBufferOfNoBytesIsRefused() {
        try (SegmentArena arena = SegmentArena.ofShared(1 << 16)) {
            WritableByteChannel nowhere = Channels.newChannel(OutputStream.nullOutputStream());
            assertTimeoutPreemptively(Duration.ofSeconds(2), () -> assertThrows(IllegalArgumentException.class,
                    () -> ChannelPump.copy(Channels.newChannel(new ByteArrayInputStream(content)), nowhere, arena, 0)));
            assertEquals(0, arena.allocations());
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "HEAP")
    void files(Kind kind) throws IOException {
        Path target = directory.resolve("target");
        try (SegmentArena arena = kind.open(directory); FileChannel from = FileChannel.open(source);
                FileChannel to = FileChannel.open(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            assertEquals(SIZE, ChannelPump.copy(from, to, arena, 10_001));
            assertArrayEquals(content, Files.readAllBytes(target));
            assertEquals(0, arena.allocations());
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "HEAP")
    void sockets(Kind kind) throws Exception {
        Path target = directory.resolve("target");
        try (SegmentArena arena = kind.open(directory);
                ServerSocketChannel server = ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            Thread sender = Thread.ofVirtual().start(() -> {
                try (SegmentArena own = SegmentArena.ofConfined(1 << 16); SocketChannel to = SocketChannel.open(server.getLocalAddress());
                        FileChannel from = FileChannel.open(source)) {
                    ChannelPump.copy(from, to, own, 4096);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            try (SocketChannel from = server.accept();
                    FileChannel to = FileChannel.open(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                assertEquals(SIZE, ChannelPump.copy(from, to, arena, 10_001));
            }
            sender.join();
            assertArrayEquals(content, Files.readAllBytes(target));
        }
    }

    /// As a socket may, when its peer is slow.
    @Test
    void aChannelThatTakesAFewBytesAtATime() throws IOException {
        ByteArrayOutputStream got = new ByteArrayOutputStream();
        try (SegmentArena arena = SegmentArena.ofConfined(1 << 16); FileChannel from = FileChannel.open(source);
                WritableByteChannel all = Channels.newChannel(got)) {
            WritableByteChannel few = new WritableByteChannel() {
                @Override
                public int write(ByteBuffer buffer) throws IOException {
                    int taken = Math.min(777, buffer.remaining());
                    int before = buffer.position();
                    all.write(buffer.slice(before, taken));
                    buffer.position(before + taken);
                    return taken;
                }

                @Override
                public boolean isOpen() {
                    return all.isOpen();
                }

                @Override
                public void close() {}
            };
            assertEquals(SIZE, ChannelPump.copy(from, few, arena, 10_001));
            assertArrayEquals(content, got.toByteArray());
        }
    }

    @Test
    void severalSlicesAtOnce() throws IOException {
        try (SegmentArena arena = SegmentArena.ofConfined(1 << 20); FileChannel from = FileChannel.open(source)) {
            MemorySegment head = arena.allocate(1000);
            MemorySegment tail = arena.allocate(SIZE - 1000);
            assertEquals(SIZE, from.read(new ByteBuffer[] {head.asByteBuffer(), tail.asByteBuffer()}));
            assertEquals(-1, head.mismatch(MemorySegment.ofArray(content).asSlice(0, 1000)));
            assertEquals(-1, tail.mismatch(MemorySegment.ofArray(content).asSlice(1000)));
        }
    }

    /// A byte[] makes a heap buffer, which the channel copies; any other array makes none.
    @Test
    void arraysOnTheHeap() throws IOException {
        Path target = directory.resolve("target");
        try (SegmentArena arena = byteArrayArena(); FileChannel from = FileChannel.open(source);
                FileChannel to = FileChannel.open(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            MemorySegment slice = arena.allocate(5000, 1);
            assertTrue(slice.asByteBuffer().hasArray());
            from.read(slice.asByteBuffer());
            to.write(slice.asByteBuffer());
            assertEquals(5000, Files.size(target));
        }
        try (SegmentArena arena = Kind.HEAP.open(directory)) {
            MemorySegment slice = arena.allocate(5000, 1);
            assertThrows(UnsupportedOperationException.class, slice::asByteBuffer);
        }
    }

    /// Asynchronous channels do their work on threads of their own. On JDK 25 a read from a file into a slice of a confined arena never
    /// completes: its thread ends with an exception that nobody gets.
    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "HEAP")
    void asynchronousFiles(Kind kind) throws Exception {
        ThreadFactory silent = Thread.ofPlatform().daemon().uncaughtExceptionHandler((_, _) -> {}).factory();
        try (SegmentArena arena = kind.open(directory); ExecutorService threads = Executors.newCachedThreadPool(silent);
                AsynchronousFileChannel from = AsynchronousFileChannel.open(source, Set.of(StandardOpenOption.READ), threads)) {
            MemorySegment slice = arena.allocate(5000);
            if (kind.isOfOneThread()) {
                assertThrows(Exception.class, () -> from.read(slice.asByteBuffer(), 0).get(200, TimeUnit.MILLISECONDS));
            } else {
                assertEquals(5000, from.read(slice.asByteBuffer(), 0).get(30, TimeUnit.SECONDS));
                assertEquals(-1, slice.mismatch(MemorySegment.ofArray(content).asSlice(0, 5000)));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "HEAP")
    void asynchronousSockets(Kind kind) throws Exception {
        InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        try (SegmentArena arena = kind.open(directory); AsynchronousServerSocketChannel server = AsynchronousServerSocketChannel.open().bind(anyPort);
                AsynchronousSocketChannel to = AsynchronousSocketChannel.open()) {
            to.connect(server.getLocalAddress()).get(30, TimeUnit.SECONDS);
            MemorySegment slice = arena.allocate(500);
            if (kind.isOfOneThread()) {
                assertThrows(Exception.class, () -> to.write(slice.asByteBuffer()).get(30, TimeUnit.SECONDS));
            } else {
                assertEquals(500, to.write(slice.asByteBuffer()).get(30, TimeUnit.SECONDS));
            }
        }
    }

    @Test
    void theMemoryOutlivesAReadThatWaits() throws Exception {
        Pipe pipe = Pipe.open();
        SegmentArena arena = SegmentArena.ofShared(1 << 16);
        MemorySegment slice = arena.allocate(100);
        int[] read = new int[1];
        Thread reader = Thread.ofPlatform().start(() -> {
            try {
                read[0] = pipe.source().read(slice.asByteBuffer());
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        assertTimeoutPreemptively(Duration.ofSeconds(30), () -> {
            while (!isInTheSystem(reader)) {
                Thread.sleep(1);
            }
        });
        assertThrows(IllegalStateException.class, arena::close);
        assertEquals(7, pipe.sink().write(ByteBuffer.wrap(new byte[] {1, 2, 3, 4, 5, 6, 7})));
        reader.join();
        assertEquals(7, read[0]);
        arena.close();
        assertThrows(IllegalStateException.class, () -> slice.asByteBuffer().get(0));
    }

    private static boolean isInTheSystem(Thread thread) {
        StackTraceElement[] stack = thread.getStackTrace();
        return stack.length > 0 && stack[0].isNativeMethod() && stack[0].getMethodName().startsWith("read");
    }

    @Test
    void aBufferOfOneThreadIsNoneForAnother() throws Exception {
        try (SegmentArena arena = SegmentArena.ofConfined(1 << 16); FileChannel from = FileChannel.open(source)) {
            ByteBuffer buffer = arena.allocate(100).asByteBuffer();
            Throwable[] thrown = new Throwable[1];
            Thread other = new Thread(() -> thrown[0] = assertThrows(WrongThreadException.class, () -> from.read(buffer)));
            other.start();
            other.join();
            assertTrue(thrown[0] instanceof WrongThreadException);
        }
    }
}
