package io.github.offsetallocator.tools;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/// The range of a heap, folded into rows of cells. A cell shows what takes most of its bytes, and neighbours in a row
/// that show the same become one run.
///
/// ```
///  regions   |aaaaaa|bb|aaaa|      free       |cccccc|
///  cells     |aaa|aaa|bba|aaa|   |   |   |   |   |ccc|ccc|
///  runs      |a . . . . . . .|                   |c . . .|
/// ```
final class HeapMap {
    /// Cells in a row.
    static final int COLUMNS = 1024;

    private static final int MOST_ROWS = 80;

    private final long cellBytes;
    private final int cells;
    private final List<Run> runs;

    /// Neighbouring cells of a row that show one size class.
    ///
    /// @param row    from 0
    /// @param column of the first cell
    /// @param length cells
    record Run(int row, int column, int length, SizeClass sizeClass) {}

    private HeapMap(long cellBytes, int cells, List<Run> runs) {
        this.cellBytes = cellBytes;
        this.cells = cells;
        this.runs = runs;
    }

    static HeapMap of(HeapSnapshot heap) {
        return of(heap, heap.rangeSize(), SizeClass::of);
    }

    /// A map of some regions, with as many rows as one of the whole would have.
    ///
    /// @param classes what a region is shown as, or null if it is not to be shown; asked for used ones
    static HeapMap of(HeapSnapshot heap, long byteSize, Function<HeapSnapshot.Region, SizeClass> classes) {
        long cellBytes = heap.granule();
        while (byteSize > cellBytes * COLUMNS * MOST_ROWS) {
            cellBytes *= 2;
        }
        int cells = (int) ((byteSize + cellBytes - 1) / cellBytes);
        return new HeapMap(cellBytes, cells, runs(shown(heap, cellBytes, cells, classes)));
    }

    /// What each cell shows; null if it is free.
    private static SizeClass[] shown(HeapSnapshot heap, long cellBytes, int cells, Function<HeapSnapshot.Region, SizeClass> classOf) {
        SizeClass[] classes = SizeClass.values();
        int free = classes.length;
        long[][] bytes = new long[cells][free + 1];
        for (HeapSnapshot.Region region : heap.regions()) {
            SizeClass shownAs = region.isFree() ? null : region.isUsed() ? classOf.apply(region) : SizeClass.NONE;
            int kind = shownAs == null ? free : shownAs.ordinal();
            long last = region.end() - heap.origin();
            for (long at = region.offset() - heap.origin(); at < last; ) {
                int cell = (int) (at / cellBytes);
                long end = Math.min(last, (cell + 1) * cellBytes);
                bytes[cell][kind] += end - at;
                at = end;
            }
        }
        SizeClass[] shown = new SizeClass[cells];
        for (int cell = 0; cell < cells; cell++) {
            int most = most(bytes[cell]);
            shown[cell] = most == free ? null : classes[most];
        }
        return shown;
    }

    private static int most(long[] bytes) {
        int most = 0;
        for (int i = 1; i < bytes.length; i++) {
            if (bytes[i] > bytes[most]) {
                most = i;
            }
        }
        return most;
    }

    private static List<Run> runs(SizeClass[] shown) {
        List<Run> runs = new ArrayList<>();
        for (int start = 0; start < shown.length; ) {
            int rowEnd = Math.min(shown.length, (start / COLUMNS + 1) * COLUMNS);
            int end = start + 1;
            while (end < rowEnd && shown[end] == shown[start]) {
                end++;
            }
            if (shown[start] != null) {
                runs.add(new Run(start / COLUMNS, start % COLUMNS, end - start, shown[start]));
            }
            start = end;
        }
        return List.copyOf(runs);
    }

    long cellBytes() {
        return cellBytes;
    }

    long rowBytes() {
        return cellBytes * COLUMNS;
    }

    int rows() {
        return (cells + COLUMNS - 1) / COLUMNS;
    }

    /// How many cells a row has: all but the last are full.
    int columns(int row) {
        return Math.min(COLUMNS, cells - row * COLUMNS);
    }

    /// What is used, by address. What lies between is free.
    List<Run> runs() {
        return runs;
    }
}
