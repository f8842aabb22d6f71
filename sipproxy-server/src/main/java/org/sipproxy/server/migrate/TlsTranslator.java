package org.sipproxy.server.migrate;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Certificates: the module's parameters and its file tls.cfg. */
final class TlsTranslator {

    private static final Set<String> TEXTS = Set.of("private_key", "certificate", "ca_list");
    private static final Set<String> COVERED = Set.of("cipher_list", "verify_depth", "ca_path", "server_name_mode");

    private final Import all;
    /** Values of the default server profile. */
    private final Map<String, Value> server = new LinkedHashMap<>();

    private record Value(String text, Place place) {}

    TlsTranslator(Import all) {
        this.all = all;
    }

    void translate() {
        boolean isUsed = all.settings.of("listen").stream()
                .anyMatch(one -> one.value().startsWith("tls:") || one.value().startsWith("wss:"));
        if (!isUsed) {
            all.parameter("tls.config")
                    .ifPresent(one -> all.covered(one.place(), "no listening point uses TLS, so tls.cfg is not read"));
            return;
        }
        for (String name :
                new String[] {"private_key", "certificate", "ca_list", "verify_certificate", "require_certificate"}) {
            all.parameter("tls." + name).ifPresent(one -> server.put(name, new Value(one.value(), one.place())));
        }
        all.parameter("tls.config").ifPresent(this::readFile);
        addSettings();
    }

    private void readFile(Script.ModuleParameter parameter) {
        Optional<Path> path = all.files.find(parameter.value());
        if (path.isEmpty()) {
            all.decide(
                    parameter.place(),
                    "tls.config: " + parameter.value()
                            + " does not exist; copy it to the directory of the configuration,"
                            + " or add tls-certificate and tls-key");
            return;
        }
        String section = "";
        int number = 0;
        for (String line : all.files.read(path.get(), parameter.place()).lines().toList()) {
            Place place = new Place(parameter.value(), ++number);
            String text = line.strip();
            if (text.isEmpty() || text.charAt(0) == '#' || text.charAt(0) == ';') {
                continue;
            }
            if (text.charAt(0) == '[') {
                section = section(text, place);
            } else {
                readValue(section, text, place);
            }
        }
    }

    private String section(String text, Place place) {
        if (!text.endsWith("]")) {
            throw new ImportException(place, "the section has no closing bracket");
        }
        String section = text.substring(1, text.length() - 1).strip().toLowerCase(Locale.ROOT);
        if (!section.equals("server:default") && !section.equals("client:default")) {
            all.lacks(
                    place,
                    "section [" + section
                            + "]: the server has one certificate for all addresses and names; put all names"
                            + " into it, or run a second server");
        }
        return section;
    }

    private void readValue(String section, String text, Place place) {
        int equals = text.indexOf('=');
        if (section.isEmpty() || equals < 1) {
            throw new ImportException(place, "expected [SECTION] or NAME = VALUE");
        }
        String name = text.substring(0, equals).strip().toLowerCase(Locale.ROOT);
        String value = text.substring(equals + 1).strip();
        value = value.length() > 1 && value.startsWith("\"") && value.endsWith("\"")
                ? value.substring(1, value.length() - 1)
                : value;
        if (section.equals("server:default")) {
            serverValue(name, value, place);
        } else if (section.equals("client:default") && name.equals("verify_certificate") && isNo(value)) {
            all.differs(place, "verify_certificate = no: the certificates of other servers are always verified");
        } else if (section.equals("client:default") && name.equals("ca_list")) {
            server.putIfAbsent(name, new Value(value, place));
        }
    }

    private void serverValue(String name, String value, Place place) {
        if (TEXTS.contains(name) || name.endsWith("_certificate")) {
            server.put(name, new Value(value, place));
        } else if (name.equals("method")) {
            all.differs(place, "method = " + value + ": TLS 1.2 and 1.3 are used; tls-protocol chooses one");
        } else if (COVERED.contains(name)) {
            all.covered(place, name + ": the defaults of the JDK");
        } else {
            all.lacks(place, name + " is not used");
        }
    }

    private static boolean isNo(String text) {
        return Set.of("no", "0", "off", "false").contains(text.toLowerCase(Locale.ROOT));
    }

    private void addSettings() {
        add("certificate", "tls-certificate");
        add("private_key", "tls-key");
        add("ca_list", "tls-trust");
        Value key = server.get("private_key");
        if (key == null || !server.containsKey("certificate")) {
            all.decide(
                    new Place("tls", 0),
                    "a certificate and its key are missing: add tls-certificate and tls-key in PEM");
        } else {
            all.differs(
                    key.place(),
                    "the key must be PKCS#8 (BEGIN PRIVATE KEY), and the certificate is followed by those of its issuers;"
                            + " openssl pkcs8 -topk8 -nocrypt converts the key");
        }
        Value require = server.get("require_certificate");
        Value verify = server.get("verify_certificate");
        if (require != null && !isNo(require.text())) {
            all.settings.add("tls-client-auth", "need", require.place(), "require_certificate");
        } else if (verify != null && !isNo(verify.text())) {
            all.settings.add("tls-client-auth", "want", verify.place(), "verify_certificate");
        }
    }

    private void add(String name, String option) {
        Value value = server.get(name);
        if (value != null) {
            all.settings.add(option, value.text(), value.place(), name);
        }
    }
}
