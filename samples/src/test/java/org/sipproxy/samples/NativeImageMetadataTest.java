package org.sipproxy.samples;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The reachability metadata of the modules for native images: it has what the sources use by reflection, and what it has
 * exists. No image is built here; {@code hosts/native-image} does that where the tool is installed.
 */
class NativeImageMetadataTest {

    private static final Path ROOT = Path.of("..");
    private static final List<String> MODULES = List.of(
            "sipproxy-message",
            "sipproxy-api",
            "sipproxy-core",
            "sipproxy-gateway",
            "sipproxy-jdbc",
            "sipproxy-micrometer",
            "sipproxy-nat",
            "sipproxy-security");

    /** Classes that use reflection or resources, with the entries that they need, as {@code type.member}. */
    private static final Map<String, List<String>> USES = new TreeMap<>();

    static {
        String core = "org.sipproxy.core.internal.";
        USES.put(core + "netty.NettyVersion", List.of("io.netty.channel.Channel"));
        USES.put(core + "netty.EventLoops", List.of("io.netty.channel.MultiThreadIoEventLoopGroup"));
        USES.put(
                core + "engine.StageThreads",
                List.of(
                        "java.lang.Thread.ofVirtual",
                        "java.lang.Thread$Builder.name",
                        "java.lang.Thread$Builder.factory",
                        "java.util.concurrent.Executors.newThreadPerTaskExecutor"));
        USES.put(core + "engine.StuckStageDetector$Mark", List.of(core + "engine.StuckStageDetector$Mark.count"));
        String foreign = "java.lang.foreign.";
        USES.put(
                core + "transport.ForeignFunctions",
                List.of(
                        "java.lang.Module.isNativeAccessEnabled",
                        foreign + "Linker.nativeLinker",
                        foreign + "Linker.defaultLookup",
                        foreign + "Linker.downcallHandle",
                        foreign + "Linker$Option.captureCallState",
                        foreign + "Linker$Option[]",
                        foreign + "SymbolLookup.find",
                        foreign + "MemoryLayout",
                        foreign + "MemoryLayout[]",
                        foreign + "FunctionDescriptor.of",
                        foreign + "MemorySegment.ofBuffer",
                        foreign + "MemorySegment.address",
                        foreign + "ValueLayout.JAVA_INT",
                        foreign + "ValueLayout.JAVA_LONG"));
        String jdbc = "org.sipproxy.jdbc.";
        USES.put(
                jdbc + "DatabaseProblem",
                List.of(
                        "com.zaxxer.hikari.HikariDataSource",
                        "com.zaxxer.hikari.HikariConfig.getJdbcUrl",
                        "org.postgresql.ds.PGSimpleDataSource",
                        "org.postgresql.ds.common.BaseDataSource.getURL",
                        "org.postgresql.ds.common.BaseDataSource.getUrl"));
        USES.put(jdbc + "SchemaScript", List.of()); // resources have a test of their own
        // handles of primitive arrays are not reflection
        USES.put("org.sipproxy.api.support.KeyedHash", List.of());
        USES.put("org.sipproxy.message.wire.MessageIndex", List.of());
        USES.put(core + "location.AddressTable", List.of());
        USES.put(core + "location.PackedBindings", List.of());
    }

    private static final Pattern ENTRY = Pattern.compile("^ {2}\\{\"name\": \"([^\"]+)\"(.*)}(,?)$");
    private static final Pattern MEMBER =
            Pattern.compile("\\{\"name\": \"([^\"]+)\"(?:, \"parameterTypes\": \\[([^]]*(?:\\[][^]]*)*)])?}");
    private static final Pattern LITERAL = Pattern.compile("\\.(?:getMethod|getField)\\(\\s*\"(\\w+)\"");

    private static JavaClasses classes() {
        return new ClassFileImporter()
                .withImportOption(location -> MODULES.stream().anyMatch(location::contains)
                        && !location.contains("test-classes")
                        && !location.contains("-tests.jar"))
                .importPackages("org.sipproxy");
    }

    @Test
    void classesThatUseReflectionAreListed() {
        Set<String> users = new TreeSet<>();
        classes()
                .forEach(type -> type.getAccessesFromSelf().stream()
                        .filter(NativeImageMetadataTest::isReflection)
                        .forEach(access -> users.add(type.getName())));

        assertThat(users).isEqualTo(USES.keySet());
    }

    private static boolean isReflection(JavaAccess<?> access) {
        String owner = access.getTarget().getOwner().getName();
        String name = access.getTarget().getName();
        return switch (owner) {
            case "java.lang.Class" ->
                name.matches("forName|newInstance|get(Declared)?(Method|Field|Constructor|RecordComponent)s?")
                        || name.startsWith("getResource");
            case "java.lang.ClassLoader" -> name.matches("loadClass|getResource.*|findClass");
            case "java.lang.invoke.MethodHandles" -> !name.matches("empty|constant|identity");
            case "java.lang.invoke.MethodHandles$Lookup", "java.lang.reflect.Proxy", "java.util.ServiceLoader" -> true;
            case "java.util.ResourceBundle", "sun.misc.Unsafe", "java.io.ObjectInputStream" -> true;
            default -> owner.endsWith("FieldUpdater");
        };
    }

    @Test
    void whatTheyUseIsInTheMetadata() throws IOException {
        Set<String> known = new TreeSet<>();
        for (String module : MODULES) {
            for (Entry entry : entries(module)) {
                known.add(entry.type());
                entry.members().keySet().forEach(member -> known.add(entry.type() + "." + member));
            }
        }

        USES.forEach((user, names) -> assertThat(known).as(user).containsAll(names));
    }

    /** A name that is added to one of these classes fails here until the list has it. */
    @Test
    void literalsOfTheSourcesAreListed() throws IOException {
        for (Map.Entry<String, List<String>> use : USES.entrySet()) {
            String source = source(use.getKey());
            Set<String> listed = use.getValue().stream()
                    .map(name -> name.substring(name.lastIndexOf('.') + 1))
                    .collect(Collectors.toSet());
            Set<String> named = LITERAL.matcher(source)
                    .results()
                    .map(found -> found.group(1))
                    .collect(Collectors.toSet());
            Pattern.compile("type\\(\"([\\w$]+)\"\\)")
                    .matcher(source)
                    .results()
                    .forEach(found -> assertThat(String.join(" ", use.getValue()))
                            .contains("java.lang.foreign." + found.group(1)));

            assertThat(listed).as(use.getKey()).containsAll(named);
        }
    }

    private static String source(String type) throws IOException {
        String path = "src/main/java/" + type.replaceAll("\\$.*", "").replace('.', '/') + ".java";
        for (String module : MODULES) {
            Path file = ROOT.resolve(module).resolve(path);
            if (Files.exists(file)) {
                return Files.readString(file);
            }
        }
        throw new AssertionError("no source of " + type);
    }

    @Test
    void whatTheMetadataNamesExists() throws Exception {
        int checked = 0;
        for (String module : MODULES) {
            for (Entry entry : entries(module)) {
                if (isOfALaterJdk(entry.type())) {
                    continue;
                }
                Class<?> type = type(entry.type());
                for (Map.Entry<String, List<Class<?>>> member : entry.members().entrySet()) {
                    assertThat(exists(type, member.getKey(), member.getValue()))
                            .as(module + ": " + entry.type() + "." + member.getKey())
                            .isTrue();
                }
                checked++;
            }
        }

        assertThat(checked).isGreaterThan(200);
    }

    /** The release is 17; this test runs on the newest JDK too, where everything is checked. */
    private static boolean isOfALaterJdk(String type) {
        return Runtime.version().feature() < 24
                && (type.startsWith("java.lang.foreign.")
                        || Set.of(
                                        "java.lang.Thread",
                                        "java.lang.Thread$Builder",
                                        "java.lang.Module",
                                        "java.util.concurrent.Executors")
                                .contains(type));
    }

    private static Class<?> type(String name) throws ClassNotFoundException {
        if (name.endsWith("[]")) {
            return type(name.substring(0, name.length() - 2)).arrayType();
        }
        return name.equals("long")
                ? long.class
                : Class.forName(name, false, NativeImageMetadataTest.class.getClassLoader());
    }

    private static boolean exists(Class<?> type, String member, List<Class<?>> parameters) {
        if (member.equals("<init>")) {
            return Arrays.stream(type.getDeclaredConstructors())
                    .anyMatch(one -> List.of(one.getParameterTypes()).equals(parameters));
        }
        return Arrays.stream(type.getDeclaredFields())
                        .anyMatch(field -> field.getName().equals(member) && parameters.isEmpty())
                || Arrays.stream(type.getDeclaredMethods())
                        .anyMatch(method -> method.getName().equals(member)
                                && List.of(method.getParameterTypes()).equals(parameters)); // not inherited ones
    }

    /** The RI of JAIN-SIP makes parsers, copies lists and clones and compares headers by reflection. */
    @Test
    void parsersAndHeadersOfTheRiAreComplete() throws Exception {
        Map<String, Entry> known = new HashMap<>();
        entries("sipproxy-message").forEach(entry -> known.put(entry.type(), entry));
        Field table = Class.forName("gov.nist.javax.sip.parser.ParserFactory").getDeclaredField("parserTable");
        table.setAccessible(true);
        for (Object parser : ((Map<?, ?>) table.get(null)).values()) {
            String name = ((Class<?>) parser).getName();
            assertThat(known).containsKey(name);
            assertThat(known.get(name).members()).containsEntry("<init>", List.of(String.class));
        }
        Class<?> copied = Class.forName("gov.nist.javax.sip.header.SIPHeaderList");
        Class<?> header = Class.forName("gov.nist.javax.sip.header.SIPHeader");
        int headers = 0;
        for (String name : classesOf(header)) {
            Class<?> type = type(name);
            if (header.isAssignableFrom(type)) {
                assertThat(known).containsKey(name);
                assertThat(known.get(name).rest()).contains("\"allDeclaredFields\": true");
                boolean hasClone = Arrays.stream(type.getDeclaredMethods())
                        .anyMatch(method -> method.getName().equals("clone") && !method.isBridge());
                assertThat(known.get(name).members().containsKey("clone"))
                        .as(name)
                        .isEqualTo(hasClone);
                if (copied.isAssignableFrom(type) && !Modifier.isAbstract(type.getModifiers())) {
                    assertThat(known.get(name).members()).as(name).containsKey("<init>");
                }
                headers++;
            }
        }
        assertThat(headers).isGreaterThan(50);
    }

    private static List<String> classesOf(Class<?> type) throws Exception {
        URL jar = type.getProtectionDomain().getCodeSource().getLocation();
        try (JarFile file = new JarFile(Path.of(jar.toURI()).toFile())) {
            return file.stream()
                    .map(JarEntry::getName)
                    .filter(name -> name.startsWith("gov/nist/javax/sip/header/") && name.endsWith(".class"))
                    .map(name -> name.substring(0, name.length() - 6).replace('/', '.'))
                    .toList();
        }
    }

    @Test
    void resourcesOfTheMetadataAreThoseOfTheModules() throws IOException {
        for (String module : MODULES) {
            Path resources = ROOT.resolve(module).resolve("src/main/resources");
            Set<String> there = new TreeSet<>();
            if (Files.exists(resources)) {
                try (Stream<Path> files = Files.walk(resources)) {
                    files.filter(Files::isRegularFile)
                            .map(file -> resources.relativize(file).toString().replace('\\', '/'))
                            .filter(name -> !name.startsWith("META-INF/"))
                            .forEach(there::add);
                }
            }
            Set<String> named = Pattern.compile("\\\\\\\\Q([^\\\\]+)\\\\\\\\E")
                    .matcher(text(module, "resource-config.json"))
                    .results()
                    .map(found -> found.group(1))
                    .collect(Collectors.toCollection(TreeSet::new));

            assertThat(named).as(module).isEqualTo(there);
        }
    }

    @Test
    void systemCallsHaveTheirSignatures() throws IOException {
        Set<String> called = Pattern.compile("all\\.get\\(\"\\w+\", ([\\w, ]+)\\)")
                .matcher(source("org.sipproxy.core.internal.transport.LinuxSockets"))
                .results()
                .map(found -> found.group(1).replaceAll("\\bi\\b", "\"jint\"").replaceAll("\\bpointer\\b", "\"jlong\""))
                .collect(Collectors.toCollection(TreeSet::new));
        Set<String> named = Pattern.compile(
                        "\\{\"returnType\": \"jint\", \"parameterTypes\": \\[([^]]+)], \"options\": \\{\"captureCallState\": true}}")
                .matcher(text("sipproxy-core", "reachability-metadata.json"))
                .results()
                .map(found -> found.group(1))
                .collect(Collectors.toCollection(TreeSet::new));

        assertThat(named).isEqualTo(called).hasSize(8);
    }

    /** Type of the metadata, its methods and fields with parameters, and the text after its name. */
    private record Entry(String type, Map<String, List<Class<?>>> members, String rest) {}

    /** Reads the entries, one a line. */
    private static List<Entry> entries(String module) {
        List<Entry> entries = new ArrayList<>();
        List<String> lines = text(module, "reflect-config.json").lines().toList();
        for (int i = 1; i < lines.size() - 1; i++) {
            MatchResult line = ENTRY.matcher(lines.get(i)).results().findFirst().orElseThrow();
            assertThat(line.group(3)).as(lines.get(i)).isEqualTo(i < lines.size() - 2 ? "," : "");
            Map<String, List<Class<?>>> members = new HashMap<>();
            MEMBER.matcher(line.group(2))
                    .results()
                    .forEach(member -> members.put(member.group(1), types(member.group(2))));
            entries.add(new Entry(line.group(1), members, line.group(2)));
        }
        assertThat(entries.stream().map(Entry::type)).doesNotHaveDuplicates();
        return entries;
    }

    private static List<Class<?>> types(String list) {
        List<Class<?>> types = new ArrayList<>();
        if (list != null && !list.isBlank()) {
            for (String name : list.split(",", -1)) {
                try {
                    types.add(type(name.strip().replace("\"", "")));
                } catch (ClassNotFoundException e) {
                    types.add(void.class); // of a later JDK
                }
            }
        }
        return types;
    }

    private static String text(String module, String file) {
        Path path = ROOT.resolve(module)
                .resolve("src/main/resources/META-INF/native-image/org.sipproxy")
                .resolve(module)
                .resolve(file);
        try {
            return Files.exists(path) ? Files.readString(path, StandardCharsets.UTF_8) : "";
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
