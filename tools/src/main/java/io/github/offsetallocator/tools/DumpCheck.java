package io.github.offsetallocator.tools;

import io.github.offsetallocator.tools.HeapSnapshot.Region;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/// What must be true of a dump before it is drawn: it comes from a file, which may be damaged or made by hand.
final class DumpCheck {
    private static final Set<String> STATES = Set.of("free", "live", HeapSnapshot.RETIRED);
    /// An arena has fewer bytes, and a file or borrowed memory may begin anywhere before its first granule.
    private static final long NO_END = 1L << 58;
    private static final long SMALLEST_GRANULE = 16;
    private static final long LARGEST_GRANULE = 1 << 24;

    private DumpCheck() {}

    /// @throws IllegalArgumentException that says what is wrong
    static void check(HeapSnapshot read) {
        require(Stream.of(read.name(), read.time(), read.statistics(), read.bins(), read.slabs(), read.sites(), read.regions()).noneMatch(part -> part == null),
                "name, time, statistics, bins, slabs, sites or regions are missing");
        require(Long.bitCount(read.granule()) == 1 && read.granule() >= SMALLEST_GRANULE && read.granule() <= LARGEST_GRANULE, "granule " + read.granule());
        for (HeapSnapshot.Bin bin : read.bins()) {
            require(bin != null && bin.count() >= 0, "bin " + bin);
        }
        for (HeapSnapshot.Site site : read.sites()) {
            require(site != null && site.frames() != null && site.frames().stream().noneMatch(frame -> frame == null), "site " + site);
        }
        long end = read.origin();
        require(end >= 0 && end < NO_END, "origin " + end);
        for (Region region : read.regions()) {
            require(region != null && region.state() != null && STATES.contains(region.state()), "region " + region);
            require(region.offset() >= end && region.offset() < NO_END, region + " starts before " + end + ", where the one before it ends, or too far away");
            require(region.size() > 0 && region.size() < NO_END - region.offset() && isWhole(region.size(), read) && isWhole(region.offset() - read.origin(), read),
                    region + " has no whole granules of " + read.granule());
            require(region.requested() >= 0 && region.requested() <= region.size(), "region " + region);
            require(region.site() == null || region.site() >= 0 && region.site() < read.sites().size(), "region " + region);
            end = region.end();
        }
    }

    private static boolean isWhole(long bytes, HeapSnapshot read) {
        return bytes % read.granule() == 0;
    }

    private static void require(boolean isTrue, String what) {
        if (!isTrue) {
            throw new IllegalArgumentException("it makes no sense: " + what);
        }
    }

    /// With a region for each gap: a growable arena has no memory there.
    static List<Region> withoutGaps(List<Region> regions, long origin) {
        List<Region> all = new ArrayList<>(regions.size());
        long end = origin;
        for (Region region : regions) {
            if (region.offset() > end) {
                all.add(new Region(end, region.offset() - end, HeapSnapshot.NONE, 0, null, 0, null));
            }
            all.add(region);
            end = region.end();
        }
        return List.copyOf(all);
    }
}
