package io.github.offsetallocator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// [Fit#REFERENCE] against recorded scripts: every offset, report and bin count as the original returned them.
class GoldenTest {
    private static final int MAGIC = 0x5647414F;

    @ParameterizedTest
    @ValueSource(strings = {"cc1plus", "espresso", "gawk", "huge-units", "odd-capacity", "perl", "roomy", "tight", "tiny", "uniform"})
    void everyAnswerIsTheOriginals(String name) throws IOException {
        IntBuffer script = read("/golden/" + name + ".golden.gz");
        assertEquals(MAGIC, script.get());
        assertEquals(1, script.get());
        long capacity = Integer.toUnsignedLong(script.get());
        script.get(); // the original's node count
        long[] live = new long[script.get()];
        int operations = script.get();
        try (OffsetAllocator allocator = OffsetAllocator.builder(capacity).fit(Fit.REFERENCE).build()) {
            for (int operation = 0; operation < operations; operation++) {
                String where = name + ", operation " + operation;
                int word = script.get();
                if (word == 0xFFFF_FFFF) {
                    StorageReportFull report = allocator.storageReportFull();
                    for (int bin = 0; bin < 256; bin++) {
                        assertEquals(script.get(), report.count(bin), where + ", bin " + bin);
                    }
                    allocator.verify();
                } else if (word == 0xFFFF_FFFE) {
                    StorageReport report = allocator.storageReport();
                    assertEquals(Integer.toUnsignedLong(script.get()), report.totalFreeSpace(), where);
                    assertEquals(Integer.toUnsignedLong(script.get()), report.largestFreeRegion(), where);
                } else if (word < 0) {
                    allocator.free(live[word & Integer.MAX_VALUE]);
                } else {
                    long size = Integer.toUnsignedLong(script.get());
                    int expected = script.get();
                    long allocation = allocator.allocate(size);
                    live[word] = allocation;
                    assertEquals(expected == -1 ? -1L : Integer.toUnsignedLong(expected),
                            allocation == OffsetAllocator.NO_SPACE ? -1L : allocator.offset(allocation),
                            where + ", size " + size);
                }
            }
            allocator.verify();
        }
        assertTrue(!script.hasRemaining(), name + ": operations are left");
    }

    private static IntBuffer read(String resource) throws IOException {
        try (InputStream in = new GZIPInputStream(GoldenTest.class.getResourceAsStream(resource))) {
            return ByteBuffer.wrap(in.readAllBytes()).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer();
        }
    }
}
