package io.github.offsetallocator.examples.peers;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.github.offsetallocator.SegmentArena;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// ONNX Runtime reads and writes slices of an arena.
class ArenaTensorTest {
    private static OrtEnvironment environment;

    @BeforeAll
    static void load() {
        try {
            environment = OrtEnvironment.getEnvironment();
        } catch (UnsatisfiedLinkError | ExceptionInInitializerError none) {
            Assumptions.abort("ONNX Runtime has no native library for this system: " + none);
        }
    }

    @Test
    void nothingIsCopied() throws OrtException {
        try (SegmentArena arena = SegmentArena.ofConfined(1 << 16)) {
            try (ArenaTensor tensor = ArenaTensor.ofFloats(environment, arena, 2, 3)) {
                assertFalse(tensor.tensor().ownsBuffer(), "ONNX Runtime's word for a copy");
                tensor.slice().setAtIndex(JAVA_FLOAT, 5, 42);
                assertEquals(42, ((float[][]) tensor.tensor().getValue())[1][2], "a later change is seen");
                tensor.tensor().getFloatBuffer(); // a copy for the reader, which is not ours
                tensor.slice().setAtIndex(JAVA_FLOAT, 5, 43);
                assertEquals(43, ((float[][]) tensor.tensor().getValue())[1][2]);
                assertEquals(1, arena.allocations());
            }
            assertEquals(0, arena.allocations());
        }
    }

    @Test
    void aModelReadsAndWritesSlices() throws OrtException {
        try (SegmentArena arena = SegmentArena.builder().growable(64 << 10, 1 << 20).closeRefusesLive().build();
                OrtSession session = environment.createSession(sum(1000));
                ArenaTensor a = ArenaTensor.ofFloats(environment, arena, 1000);
                ArenaTensor b = ArenaTensor.ofFloats(environment, arena, 1000);
                ArenaTensor out = ArenaTensor.ofFloats(environment, arena, 1000)) {
            for (int round = 0; round < 3; round++) {
                for (int i = 0; i < 1000; i++) {
                    a.slice().setAtIndex(JAVA_FLOAT, i, i + round);
                    b.slice().setAtIndex(JAVA_FLOAT, i, 2 * i);
                }
                try (OrtSession.Result result = session.run(Map.of("a", a.tensor(), "b", b.tensor()), Map.of("sum", out.tensor()))) {
                    assertSame(out.tensor(), result.get(0));
                }
                for (int i = 0; i < 1000; i++) {
                    assertEquals(3 * i + round, out.slice().getAtIndex(JAVA_FLOAT, i));
                }
            }
        }
    }

    @Test
    void aShapeThatIsRefusedLeavesNothing() {
        try (SegmentArena arena = SegmentArena.ofConfined(1 << 16)) {
            assertThrows(RuntimeException.class, () -> ArenaTensor.ofFloats(environment, arena, 3, -1));
            assertThrows(ArithmeticException.class, () -> ArenaTensor.ofFloats(environment, arena, 1L << 40, 1L << 40));
            assertThrows(Exception.class, () -> ArenaTensor.ofFloats(environment, arena, -2, -8)); // refused by ONNX Runtime
            assertEquals(0, arena.allocations());
        }
    }

    /// ONNX Runtime would copy, and what a model writes would not be in the slice.
    @Test
    void anArenaInAnArrayIsRefused() {
        try (SegmentArena arena = SegmentArena.builder().backing(MemorySegment.ofArray(new byte[1 << 16])).alignByOffset().build();
                SegmentArena ofLongs = SegmentArena.ofConfined(MemorySegment.ofArray(new long[1 << 13]))) {
            assertThrows(IllegalArgumentException.class, () -> ArenaTensor.ofFloats(environment, arena, 4));
            assertThrows(IllegalArgumentException.class, () -> ArenaTensor.ofFloats(environment, ofLongs, 4));
            assertEquals(0, arena.allocations());
        }
    }

    /// A closed tensor is refused by ONNX Runtime itself, so none reads a slice that was freed.
    @Test
    void aClosedTensorIsRefused() throws OrtException {
        try (SegmentArena arena = SegmentArena.ofConfined(1 << 16)) {
            ArenaTensor tensor = ArenaTensor.ofFloats(environment, arena, 4);
            OnnxTensor inner = tensor.tensor();
            tensor.close();
            assertThrows(IllegalStateException.class, inner::getValue);
        }
    }

    /// As `AutoCloseable` asks for.
    @Test
    void aSecondCloseFreesNothing() throws OrtException {
        try (SegmentArena arena = SegmentArena.ofConfined(1 << 16)) {
            ArenaTensor first = ArenaTensor.ofFloats(environment, arena, 4);
            first.close();
            try (ArenaTensor second = ArenaTensor.ofFloats(environment, arena, 4)) {
                assertEquals(first.slice().address(), second.slice().address(), "it gets the same place, so the next lines can fail");
                first.close();
                assertEquals(1, arena.allocations());
            }
        }
    }

    /// The model `sum = a + b`, as the bytes of an .onnx file.
    private static byte[] sum(int length) {
        Message shape = new Message().add(1, new Message().add(1, length));
        Message type = new Message().add(1, new Message().add(1, 1).add(2, shape));
        Message node = new Message().add(1, "a").add(1, "b").add(2, "sum").add(4, "Add");
        Message graph = new Message().add(1, node).add(2, "graph");
        graph.add(11, new Message().add(1, "a").add(2, type)).add(11, new Message().add(1, "b").add(2, type));
        graph.add(12, new Message().add(1, "sum").add(2, type));
        return new Message().add(1, 8).add(7, graph).add(8, new Message().add(2, 13)).bytes.toByteArray();
    }

    /// What protocol buffers write: numbers and bytes, each behind the number of its field.
    private static final class Message {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        Message add(int field, long number) {
            return put(field << 3).put(number);
        }

        Message add(int field, String text) {
            return add(field, text.getBytes(StandardCharsets.UTF_8));
        }

        Message add(int field, Message message) {
            return add(field, message.bytes.toByteArray());
        }

        private Message add(int field, byte[] content) {
            put(field << 3 | 2).put(content.length).bytes.writeBytes(content);
            return this;
        }

        private Message put(long number) {
            for (long rest = number; ; rest >>>= 7) {
                bytes.write((int) (rest > 127 ? rest & 127 | 128 : rest));
                if (rest <= 127) {
                    return this;
                }
            }
        }
    }
}
