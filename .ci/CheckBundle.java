import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/// Reads a bundle as Maven Central would: https://central.sonatype.org/publish/requirements/.
///
/// Run: `java .ci/CheckBundle.java bundle.zip`. It then damages the bundle in memory, in each of several ways, and expects
/// itself to see that.
class CheckBundle {
    private static final String GROUP = "io/github/offsetallocator/";
    private static final List<Artifact> ARTIFACTS = List.of(
            new Artifact("offset-allocator", "io/github/offsetallocator/SegmentArena", "io.github.offsetallocator", List.of()),
            new Artifact("offset-allocator-arrow", "io/github/offsetallocator/arrow/ArenaAllocationManager", "",
                    List.of("offset-allocator compile", "arrow-memory-core provided")));
    private static final List<String> KINDS = List.of(".pom", ".jar", "-sources.jar", "-javadoc.jar");
    private static final Map<String, String> DIGESTS = Map.of("md5", "MD5", "sha1", "SHA-1", "sha256", "SHA-256", "sha512", "SHA-512");
    private static final long LARGEST = 1L << 30;

    /// What is published: its name, a class of it, its module if its jar describes one, and what it needs, with the scope.
    private record Artifact(String name, String type, String module, List<String> needs) {
        /// What a jar must have where a module has a descriptor.
        List<String> with(String descriptor, String file) {
            return module.isEmpty() ? List.of(file) : List.of(descriptor, file);
        }

        String page() {
            return (module.isEmpty() ? "" : module + "/") + type + ".html";
        }
    }

    private final Map<String, byte[]> files;
    private final List<String> faults = new ArrayList<>();

    private CheckBundle(Map<String, byte[]> files) {
        this.files = files;
    }

    public static void main(String[] args) throws Exception {
        Map<String, byte[]> files = unzip(Files.readAllBytes(Path.of(args[0])));
        List<String> faults = new CheckBundle(files).faults();
        if (Files.size(Path.of(args[0])) > LARGEST) {
            faults.add("larger than 1 GiB");
        }
        faults.forEach(System.err::println);
        if (!faults.isEmpty()) {
            System.exit(1);
        }
        System.out.println("the bundle has " + files.size() + " files, and all that Maven Central asks for");
        int seen = 0;
        for (Consumer<Map<String, byte[]>> damage : damages(files)) {
            Map<String, byte[]> damaged = new TreeMap<>(files);
            damage.accept(damaged);
            if (new CheckBundle(damaged).faults().isEmpty()) {
                throw new AssertionError("damage " + seen + " was not seen");
            }
            seen++;
        }
        System.out.println("each of " + seen + " damages to it is seen");
    }

    private List<String> faults() throws Exception {
        List<String> known = new ArrayList<>();
        for (Artifact artifact : ARTIFACTS) {
            check(artifact, known);
        }
        files.keySet().stream().filter(name -> !known.contains(name)).forEach(name -> faults.add("stray file: " + name));
        return faults;
    }

    private void check(Artifact artifact, List<String> known) throws Exception {
        String home = GROUP + artifact.name + "/";
        String version = files.keySet().stream().filter(name -> name.startsWith(home)).map(name -> name.substring(home.length()).split("/")[0])
                .findFirst().orElse("");
        expect(version.matches("\\d+\\.\\d+\\.\\d+(-[\\w.]+)?") && !version.endsWith("-SNAPSHOT"),
                "no version of " + artifact.name + " that can be released: " + version);
        String stem = home + version + "/" + artifact.name + "-" + version;
        for (String kind : KINDS) {
            String file = stem + kind;
            known.add(file);
            known.add(file + ".asc");
            expect(files.containsKey(file), "no " + file);
            expect(new String(files.getOrDefault(file + ".asc", new byte[0])).startsWith("-----BEGIN PGP SIGNATURE-----"), "no signature of " + file);
            for (Map.Entry<String, String> digest : DIGESTS.entrySet()) {
                String sum = file + "." + digest.getKey();
                known.add(sum);
                known.add(file + ".asc." + digest.getKey());
                if (files.containsKey(file)) {
                    expect(hex(files.get(file), digest.getValue()).equals(new String(files.getOrDefault(sum, new byte[0])).strip()), "missing or wrong: " + sum);
                }
            }
        }
        if (faults.isEmpty()) {
            checkPom(new String(files.get(stem + ".pom"), StandardCharsets.UTF_8), artifact, version);
            checkJar(stem + ".jar", artifact.with("module-info.class", artifact.type + ".class"));
            checkJar(stem + "-sources.jar", artifact.with("module-info.java", artifact.type + ".java"));
            checkJar(stem + "-javadoc.jar", List.of("index.html", artifact.page()));
        }
    }

    private void checkPom(String text, Artifact artifact, String version) throws Exception {
        Document pom = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
        Element project = pom.getDocumentElement();
        expect("io.github.offsetallocator".equals(text(project, "groupId")), "groupId");
        expect(artifact.name.equals(text(project, "artifactId")), "artifactId");
        expect(version.equals(text(project, "version")), "version of the POM");
        for (String path : List.of("name", "description", "url", "licenses/license/name", "licenses/license/url", "developers/developer/name",
                "scm/connection", "scm/developerConnection", "scm/url")) {
            expect(!text(project, path).isBlank(), artifact.name + "'s POM has no " + path);
        }
        for (String path : List.of("url", "scm/url")) {
            expect(text(project, path).equals("https://github.com/offsetallocator/offset-allocator"), artifact.name + "'s POM has another " + path);
        }
        for (String path : List.of("parent", "repositories", "pluginRepositories", "build", "profiles", "modules", "dependencyManagement")) {
            expect(child(project, path) == null, artifact.name + "'s POM has " + path);
        }
        expect(needs(project).equals(artifact.needs), artifact.name + " needs " + needs(project) + " rather than " + artifact.needs);
        expect(!text.contains("${"), artifact.name + "'s POM has a property");
        expect(!text.contains("SNAPSHOT"), artifact.name + "'s POM has a snapshot");
    }

    private static List<String> needs(Element project) {
        List<String> needs = new ArrayList<>();
        Element all = child(project, "dependencies");
        for (Node node = all == null ? null : all.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element dependency) {
                needs.add(text(dependency, "artifactId") + " " + text(dependency, "scope"));
            }
        }
        return needs;
    }

    private void checkJar(String name, List<String> entries) throws IOException {
        Map<String, byte[]> jar = unzip(files.get(name));
        List<String> wanted = new ArrayList<>(List.of("META-INF/LICENSE-MIT", "META-INF/NOTICE", "META-INF/MANIFEST.MF"));
        wanted.addAll(entries);
        wanted.forEach(entry -> expect(jar.containsKey(entry), name + " has no " + entry));
        if (!name.endsWith("-javadoc.jar")) {
            jar.keySet().stream().filter(entry -> !wanted.contains(entry) && !entry.matches("io/github/offsetallocator/.*\\.(class|java)"))
                    .forEach(entry -> faults.add("stray file in " + name + ": " + entry));
        }
    }

    private void expect(boolean right, String fault) {
        if (!right) {
            faults.add(fault);
        }
    }

    private static Element child(Element element, String name) {
        for (Node node = element.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element child && child.getTagName().equals(name)) {
                return child;
            }
        }
        return null;
    }

    private static String text(Element element, String path) {
        for (String name : path.split("/")) {
            element = element == null ? null : child(element, name);
        }
        return element == null ? "" : element.getTextContent();
    }

    private static Map<String, byte[]> unzip(byte[] zip) throws IOException {
        Map<String, byte[]> files = new TreeMap<>();
        try (ZipInputStream in = new ZipInputStream(new ByteArrayInputStream(zip))) {
            for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                if (!entry.isDirectory()) {
                    files.put(entry.getName(), in.readAllBytes());
                }
            }
        }
        return files;
    }

    /// Each file gone, each file changed in one byte, a stray one.
    private static List<Consumer<Map<String, byte[]>>> damages(Map<String, byte[]> files) {
        List<Consumer<Map<String, byte[]>>> damages = new ArrayList<>();
        for (String name : files.keySet()) {
            if (name.matches(".*\\.asc\\.\\w+")) {
                continue; // Central doesn't ask for them
            }
            damages.add(map -> map.remove(name));
            damages.add(map -> {
                byte[] changed = map.get(name).clone();
                changed[0] ^= 1;
                map.put(name, changed);
            });
        }
        damages.add(map -> map.put(GROUP + "offset-allocator/maven-metadata.xml", new byte[0]));
        for (String pom : files.keySet().stream().filter(name -> name.endsWith(".pom")).toList()) {
            for (String element : List.of("name", "description", "url", "licenses", "developers", "scm", "developerConnection", "version", "dependency")) {
                if (new String(files.get(pom), StandardCharsets.UTF_8).contains("<" + element + ">")) {
                    damages.add(map -> withoutElement(map, pom, element));
                }
            }
        }
        return damages;
    }

    /// In a POM, with the right sums.
    private static void withoutElement(Map<String, byte[]> files, String pom, String element) {
        String text = new String(files.get(pom), StandardCharsets.UTF_8);
        String changed = text.replaceFirst("(?s)<" + element + ">.*?</" + element + ">", "");
        byte[] bytes = changed.getBytes(StandardCharsets.UTF_8);
        files.put(pom, bytes);
        DIGESTS.forEach((suffix, algorithm) -> files.put(pom + "." + suffix, hex(bytes, algorithm).getBytes(StandardCharsets.US_ASCII)));
    }

    private static String hex(byte[] bytes, String algorithm) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
