package io.github.offsetallocator.internal.backing;

import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.file.Path;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// An error can strike when a file is no longer mapped, and before it is closed: then another `close` closes it.
class FinishTest {
    @TempDir
    Path directory;

    @Test
    void aMappedFileIsClosedThoughItsMemoryHasEndedBefore() {
        check(() -> MappedFile.of(directory.resolve("mapped"), 4096, true, false));
    }

    @Test
    void aDurableFileIsClosedThoughItsMemoryHasEndedBefore() {
        FilePlan plan = new FilePlan(1 << 16, 1 << 16, 4, 0, new long[] {1 << 16});
        check(() -> {
            DurableFile file = DurableFile.of(directory.resolve("durable"), plan, found -> plan, true, false);
            file.publish();
            return file;
        });
    }

    private static void check(Supplier<Backing> opening) {
        for (int i = 0; i < 3; i++) {
            Backing file = opening.get(); // or another arena has it
            file.end();
            assertFalse(file.segment().scope().isAlive());
            file.close();
            file.close();
        }
    }
}
