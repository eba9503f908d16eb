package io.github.offsetallocator.tools;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/// What the script of a page knows of a heap, as JSON that can stand in HTML and in XML. Lists have an entry for each region.
final class HeapData {
    private HeapData() {}

    /// @param before an earlier snapshot, or null
    static String of(HeapSnapshot heap, HeapMap map, HeapSnapshot before) {
        List<Long> sizes = new ArrayList<>();
        List<String> states = new ArrayList<>();
        List<Long> requested = new ArrayList<>();
        List<String> handles = new ArrayList<>();
        Map<Integer, String> tags = new LinkedHashMap<>();
        Map<Integer, String> changes = new LinkedHashMap<>();
        List<Integer> siteOf = new ArrayList<>();
        Map<Long, HeapSnapshot.Region> earlier = byOffset(before);
        for (HeapSnapshot.Region region : heap.regions()) {
            int i = sizes.size();
            sizes.add(region.size() / heap.granule());
            states.add(region.state());
            requested.add(region.requested());
            handles.add(region.handle() == null ? "" : region.handle());
            siteOf.add(region.site() == null ? -1 : region.site());
            if (region.tag() != 0) {
                tags.put(i, Long.toString(region.tag())); // as text: it may be more than a number of the script can hold
            }
            if (before != null && region.isLive() && !isIn(earlier, region)) {
                changes.put(i, "new");
            }
        }
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("granule", heap.granule());
        data.put("origin", heap.origin());
        data.put("cellGranules", map.cellBytes() / heap.granule());
        data.put("columns", HeapMap.COLUMNS);
        data.put("left", MapChart.LEFT);
        data.put("top", MapChart.TOP);
        data.put("pitch", MapChart.PITCH);
        data.put("sizes", sizes);
        data.put("states", states);
        data.put("requested", requested);
        data.put("handles", handles);
        data.put("tags", tags);
        data.put("changes", changes);
        data.put("siteOf", siteOf);
        data.put("sites", heap.sites().stream().map(HeapSnapshot.Site::frames).toList());
        return JsonMapper.shared().writeValueAsString(data).replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e");
    }

    /// Live regions of a snapshot by their offsets; none of null.
    static Map<Long, HeapSnapshot.Region> byOffset(HeapSnapshot heap) {
        Map<Long, HeapSnapshot.Region> regions = new HashMap<>();
        if (heap != null) {
            heap.regions().stream().filter(HeapSnapshot.Region::isLive).forEach(region -> regions.put(region.offset(), region));
        }
        return regions;
    }

    static boolean isIn(Map<Long, HeapSnapshot.Region> regions, HeapSnapshot.Region region) {
        HeapSnapshot.Region there = regions.get(region.offset());
        return there != null && there.isSameAs(region);
    }
}
