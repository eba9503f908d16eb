package io.github.offsetallocator.tools;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// The command line: `java -jar offset-allocator-tools.jar`.
@Command(name = "offset-allocator-tools", mixinStandardHelpOptions = true, subcommands = {Tools.MapCommand.class, Watch.class},
        description = "Shows what is in an arena of offset-allocator.", versionProvider = Tools.class)
public final class Tools implements CommandLine.IVersionProvider {
    private Tools() {}

    /// Runs a command.
    ///
    /// @param args see `--help`
    public static void main(String[] args) {
        System.exit(run(args));
    }

    static int run(String... args) {
        return new CommandLine(new Tools())
                .setExecutionExceptionHandler((e, command, _) -> {
                    if (e instanceof IOException || e instanceof IllegalArgumentException) {
                        // the message of a NoSuchFileException, say, is the file's name
                        command.getErr().println(e instanceof FileSystemException ? e : e.getMessage());
                        return 1;
                    }
                    throw e;
                })
                .execute(args);
    }

    @Override
    public String[] getVersion() {
        return new String[] {"offset-allocator-tools for dumps of version 1"};
    }

    @Command(name = "map", mixinStandardHelpOptions = true, description = "Draws a dump as one HTML file.")
    static final class MapCommand implements Callable<Integer> {
        @Parameters(index = "0", description = "a dump, as SegmentArena.dump() writes it")
        private Path dump;

        @Parameters(index = "1", arity = "0..1", description = "a later dump of the same arena: what has changed is shown then")
        private Path later;

        @Option(names = {"-o", "--output"}, description = "the page; the dump's name with .html otherwise")
        private Path output;

        @Override
        public Integer call() throws IOException {
            HeapSnapshot first = HeapSnapshot.read(dump);
            HeapSnapshot shown = later == null ? first : HeapSnapshot.read(later);
            Path file = later == null ? dump : later;
            Path page = output != null ? output : file.resolveSibling(file.getFileName().toString().replaceFirst("\\.json$", "") + ".html");
            // bytes, since writeString refuses a name that is no valid text
            Files.write(page, new HeapPicture("Heap of " + shown.name(), shown, later == null ? null : first).html().getBytes(StandardCharsets.UTF_8));
            System.out.println(page);
            return 0;
        }
    }
}
