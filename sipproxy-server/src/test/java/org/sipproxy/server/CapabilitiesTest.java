package org.sipproxy.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.gateway.Gateway;
import org.sipproxy.core.SipProxy;
import org.sipproxy.gateway.Dispatcher;
import org.sipproxy.jdbc.JdbcCredentials;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.nat.NatTraversal;
import org.sipproxy.security.FloodGuard;

/**
 * Every option of the builders of the library is reached by an option of the server, or is listed here with a reason. A
 * new method of a builder fails this test until the server calls it.
 */
class CapabilitiesTest {

    private static final String CODE = "takes code of a host application";
    private static final String OTHER_BUILDS = "builds requests of a host application; the server has none";

    /** Builders whose options the server omits, with the reason. */
    private static final Map<String, String> UNUSED_BUILDERS = Map.of(
            "org.sipproxy.api.client.OutgoingRequest$Builder",
            OTHER_BUILDS,
            "org.sipproxy.api.client.Participant$Builder",
            OTHER_BUILDS,
            "org.sipproxy.api.client.CallSetup$Builder",
            OTHER_BUILDS,
            "org.sipproxy.core.options.ProxySettings$Builder",
            "has options of SipProxyBuilder, which builds the settings",
            "org.sipproxy.api.location.Binding$Builder",
            "builds a binding, which is not configuration",
            "org.sipproxy.api.gateway.TrunkAccount$Builder",
            "is the account of a row; Trunk has the same options");

    /** Single options that the server omits, by class and method, with the reason. */
    private static final Map<String, String> LEFT_OUT = leftOut();

    private static Map<String, String> leftOut() {
        Map<String, String> left = new HashMap<>();
        for (String method : List.of(
                "beforeAuthentication",
                "onUnavailableUser",
                "beforeForwarding",
                "onResponse",
                "locationListener",
                "requestListener",
                "stageExecutor",
                "threadFactory")) {
            left.put("SipProxyBuilder." + method, CODE);
        }
        left.put("TlsSettings.keyStore", CODE);
        left.put("TlsSettings.trustStore", CODE);
        left.put("SipProxyBuilder.name", "names the threads, for several proxies in one process; the server has one");
        left.put("SipProxyBuilder.logContext", "is for log lines of stages of a host application");
        left.put("SipProxyBuilder.thirdPartyCalls", "limits calls that a host application sets up");
        left.put("SipProxyBuilder.clock", "is for tests");
        left.put("DigestAuthentication.allowIdentity", CODE);
        left.put("DigestAuthentication.realm", "the realm of a user is the domain, so that several domains work");
        left.put("DigestAuthentication.secret", "a nonce of another server is stale, and the phone repeats at once");
        left.put("DigestAuthentication.secrets", "likewise");
        left.put("RegistrarPolicy.userCaseSensitive", "the commands for subscribers and the doctor ignore case");
        left.put("JdbcBindingRepository.advisoryLocks", "is switched off where the database lacks them");
        left.put("JdbcAccounting.extraColumns", "the columns that the tables have are written");
        left.put("JdbcAccounting.callRecordColumns", "likewise");
        left.put("JdbcAccounting.batchRows", "has no effect that an operator could notice");
        left.put("JdbcAccounting.flushInterval", "likewise");
        left.put("JdbcAccounting.closeTimeout", "a supervisor's limit applies; rows are written as long as it works");
        left.put("DatabaseDoctor.userCase", "the commands for subscribers ignore case");
        left.put("Subscribers.caseSensitive", "likewise");
        for (String method : List.of("route", "openRoute", "onChange")) {
            left.put("Dispatcher." + method, CODE);
        }
        left.put("GatewaySet.numbers", "--prefix-route changes called numbers, a trunk's identity those of callers");
        for (String method : List.of("callerNumber", "incoming", "onChange")) {
            left.put("Trunk." + method, CODE);
        }
        left.put("Trunk.addressOfRecord", "the trunk's URI is its address-of-record");
        left.put("Trunk.numbers", "--prefix-route changes called numbers");
        left.put("Trunk.incomingNumbers", "did names the numbers that the provider calls");
        left.put("Trunk.prefix", "--prefix-route sends numbers to trunks and sets alike");
        left.put("Trunk.fallback", "--fallback-route sends calls to trunks and sets alike");
        left.put("Gateway.attribute", "is for algorithms of a host application");
        return left;
    }

    @Test
    void everyOptionOfTheLibraryIsReachedOrOmittedForAReason() throws Exception {
        Set<String> called = callsOf(rootOf(Launcher.class));
        Map<String, Set<String>> missing = new TreeMap<>();
        Set<String> unknown = new TreeSet<>(LEFT_OUT.keySet());
        for (Class<?> builder : builders()) {
            for (Method method : builder.getDeclaredMethods()) {
                if (!Modifier.isPublic(method.getModifiers())
                        || Modifier.isStatic(method.getModifiers())
                        || method.isSynthetic()
                        || !method.getReturnType().equals(builder)) {
                    continue;
                }
                String option = nameOf(builder) + "." + method.getName();
                unknown.remove(option);
                boolean isCalled = called.contains(builder.getName().replace('.', '/') + "." + method.getName());
                if (isCalled == LEFT_OUT.containsKey(option)) {
                    missing.computeIfAbsent(nameOf(builder), n -> new TreeSet<>())
                            .add(method.getName() + (isCalled ? " is reached, so remove it from the list" : ""));
                }
            }
        }
        assertThat(missing).as("options that no option of the server reaches").isEmpty();
        assertThat(unknown).as("omitted, but not an option of the library").isEmpty();
        assertThat(LEFT_OUT.values()).allMatch(reason -> reason.length() > 7);
    }

    private static String nameOf(Class<?> builder) {
        Class<?> of = builder.getDeclaringClass();
        return of == null ? builder.getSimpleName() : of.getSimpleName();
    }

    /** Returns all public builders of the library. */
    private static List<Class<?>> builders() throws Exception {
        List<Class<?>> builders = new ArrayList<>();
        for (Class<?> ofModule : List.of(
                SipProxy.class,
                Gateway.class,
                ParseLimits.class,
                FloodGuard.class,
                NatTraversal.class,
                JdbcCredentials.class,
                Dispatcher.class)) {
            for (String name : classesBelow(rootOf(ofModule)).keySet()) {
                if (name.endsWith("Builder")
                        && !name.contains("/internal/")
                        && !UNUSED_BUILDERS.containsKey(dots(name))) {
                    Class<?> found = Class.forName(dots(name), false, CapabilitiesTest.class.getClassLoader());
                    if (Modifier.isPublic(found.getModifiers())) {
                        builders.add(found);
                    }
                }
            }
        }
        assertThat(builders.stream().map(CapabilitiesTest::nameOf))
                .contains("SipProxyBuilder", "StreamLimits", "ParseLimits", "Lockout", "JdbcAccounting", "GatewaySet");
        return builders;
    }

    private static String dots(String name) {
        return name.replace('/', '.');
    }

    private static URI rootOf(Class<?> type) throws URISyntaxException {
        return type.getProtectionDomain().getCodeSource().getLocation().toURI();
    }

    /** Returns the class files of a directory or jar by name, such as {@code org/sipproxy/core/SipProxy}. */
    private static Map<String, byte[]> classesBelow(URI root) throws IOException {
        Path path = Path.of(root);
        if (Files.isDirectory(path)) {
            return read(path);
        }
        try (FileSystem jar = FileSystems.newFileSystem(path, Map.of())) {
            return read(jar.getPath("/"));
        }
    }

    private static Map<String, byte[]> read(Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(file -> file.toString().endsWith(".class")
                            && file.toString().contains("sipproxy"))
                    .collect(Collectors.toMap(
                            file -> root.relativize(file)
                                    .toString()
                                    .replace('\\', '/')
                                    .replaceFirst("\\.class$", ""),
                            file -> {
                                try {
                                    return Files.readAllBytes(file);
                                } catch (IOException e) {
                                    throw new UncheckedIOException(e);
                                }
                            }));
        }
    }

    /** Returns the methods that classes of the server call or refer to, as {@code class.method}. */
    private static Set<String> callsOf(URI root) throws IOException {
        Set<String> calls = new TreeSet<>();
        for (Map.Entry<String, byte[]> one : classesBelow(root).entrySet()) {
            if (one.getKey().startsWith("org/sipproxy/server/")
                    && !one.getKey().startsWith("org/sipproxy/server/demo/")) {
                calls.addAll(methodsIn(one.getValue()));
            }
        }
        return calls;
    }

    /** Reads the constants of a class file (JVMS §4.4): those that name a method of a class. */
    private static Set<String> methodsIn(byte[] classFile) throws IOException {
        try (DataInputStream in = new DataInputStream(new java.io.ByteArrayInputStream(classFile))) {
            in.skipBytes(8);
            int count = in.readUnsignedShort();
            String[] texts = new String[count];
            int[] first = new int[count];
            int[] second = new int[count];
            List<Integer> methods = new ArrayList<>();
            for (int i = 1; i < count; i++) {
                int tag = in.readUnsignedByte();
                switch (tag) {
                    case 1 -> texts[i] = in.readUTF();
                    case 3, 4, 17, 18 -> in.skipBytes(4);
                    case 5, 6 -> {
                        in.skipBytes(8);
                        i++; // takes two entries
                    }
                    case 7, 8, 16, 19, 20 -> first[i] = in.readUnsignedShort();
                    case 9, 10, 11, 12 -> {
                        first[i] = in.readUnsignedShort();
                        second[i] = in.readUnsignedShort();
                        if (tag == 10 || tag == 11) {
                            methods.add(i);
                        }
                    }
                    case 15 -> in.skipBytes(3);
                    default -> throw new IOException("constant " + tag);
                }
            }
            return methods.stream()
                    .map(i -> texts[first[first[i]]] + "." + texts[first[second[i]]])
                    .collect(Collectors.toSet());
        }
    }
}
