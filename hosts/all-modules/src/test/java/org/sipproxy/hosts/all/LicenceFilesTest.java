package org.sipproxy.hosts.all;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Licence files of the installed modules and of the launcher. */
class LicenceFilesTest {

    private static final Path LAUNCHER = Path.of("../../sipproxy-server/target/sipproxy.jar");

    @Test
    void eachModuleHasLicenceAndNotice() throws Exception {
        List<Path> ours = path().filter(LicenceFilesTest::isOurs).toList();

        assertEquals(9, ours.size(), ours::toString);
        for (Path jar : ours) {
            assertTrue(read(jar, "META-INF/LICENSE").contains("Apache License"), jar::toString);
            assertEquals(Files.readString(Path.of("../../NOTICE")), read(jar, "META-INF/NOTICE"), jar::toString);
        }
    }

    @Test
    void theNoticeNamesEachThirdParty() throws Exception {
        String notice = Files.readString(Path.of("../../NOTICE"));
        List<String> named = notice.lines()
                .map(line -> line.replaceFirst(" .*", ""))
                .filter(word -> word.contains("."))
                .map(group -> "/" + group.replace('.', '/') + "/")
                .toList();

        List<Path> theirs = path().filter(jar -> !isOurs(jar)).toList();
        assertTrue(theirs.size() > 15, theirs::toString);
        for (Path jar : theirs) {
            String location = jar.toString().replace(File.separatorChar, '/');
            assertTrue(named.stream().anyMatch(location::contains), () -> "NOTICE does not name " + jar);
        }
    }

    @Test
    void theLauncherHasTheTextsOfWhatItContains() throws Exception {
        try (JarFile launcher = new JarFile(LAUNCHER.toFile())) {
            List<String> texts = launcher.stream()
                    .map(JarEntry::getName)
                    .filter(name -> name.startsWith("META-INF/licenses/") && !name.endsWith("/"))
                    .toList();

            assertEquals(Files.readString(Path.of("../../NOTICE")), read(LAUNCHER, "META-INF/NOTICE"));
            assertEquals(Files.readString(Path.of("../../LICENSE")), read(LAUNCHER, "META-INF/LICENSE"));
            for (String part : List.of(
                    "slf4j-api-",
                    "postgresql-",
                    "com.ongres.scram/",
                    "checker-qual-",
                    "HdrHistogram-",
                    "micrometer-core-",
                    "commons-compress-",
                    "antlr.txt",
                    "logback.txt",
                    "netty.txt",
                    "postgresql.txt",
                    "protobuf.txt",
                    "re2j.txt",
                    "xz.txt")) {
                assertTrue(
                        texts.stream().anyMatch(text -> text.startsWith("META-INF/licenses/" + part)),
                        () -> part + " is not among " + texts);
            }
            assertTrue(
                    texts.stream().anyMatch(text -> text.endsWith("META-INF/NOTICE")), () -> "no NOTICE in " + texts);
        }
    }

    private static Stream<Path> path() throws Exception {
        return Stream.of(Files.readString(Path.of("target/path")).split(File.pathSeparator))
                .map(Path::of);
    }

    private static boolean isOurs(Path jar) {
        return jar.getFileName().toString().startsWith("sipproxy-");
    }

    private static String read(Path file, String entry) throws Exception {
        try (JarFile jar = new JarFile(file.toFile())) {
            JarEntry found = jar.getJarEntry(entry);
            assertNotNull(found, () -> file + " has no " + entry);
            return new String(jar.getInputStream(found).readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
