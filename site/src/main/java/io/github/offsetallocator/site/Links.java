package io.github.offsetallocator.site;

import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Reads all pages below a folder and follows each link that stays there, to the file and to the place in it.
final class Links {
    private static final Pattern LINK = Pattern.compile("\\s(?:href|src)=\"([^\"]*)\"");
    private static final Pattern PLACE = Pattern.compile("\\s(?:id|name)=\"([^\"]*)\"");

    private final Map<Path, Set<String>> places = new HashMap<>();
    private final List<String> faults = new ArrayList<>();

    private Links() {}

    static List<String> faults(Path folder) throws IOException {
        Links links = new Links();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path page : files.filter(file -> file.toString().endsWith(".html")).sorted().toList()) {
                links.follow(page);
            }
        }
        return links.faults;
    }

    private void follow(Path page) throws IOException {
        Matcher link = LINK.matcher(Files.readString(page));
        while (link.find()) {
            String to = link.group(1).replace("&amp;", "&");
            if (to.matches("[a-z]+:.*") || to.isEmpty()) {
                continue;
            }
            String[] parts = to.split("#", 2);
            Path file = parts[0].isEmpty() ? page : page.resolveSibling(decoded(parts[0])).normalize();
            if (!Files.isRegularFile(file)) {
                faults.add(page + ": no file " + to);
            } else if (parts.length > 1 && !parts[1].isEmpty() && !placesOf(file).contains(decoded(parts[1]))) {
                faults.add(page + ": no place " + to);
            }
        }
    }

    private Set<String> placesOf(Path file) throws IOException {
        Set<String> known = places.get(file);
        if (known == null) {
            known = new HashSet<>();
            Matcher place = PLACE.matcher(Files.readString(file));
            while (place.find()) {
                known.add(place.group(1).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"));
            }
            places.put(file, known);
        }
        return known;
    }

    private static String decoded(String link) {
        return URLDecoder.decode(link.replace("+", "%2B"), StandardCharsets.UTF_8);
    }
}
