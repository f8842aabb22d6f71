package org.sipproxy.testkit;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.auth.DigestAlgorithm;

/**
 * Value of Authorization or Proxy-Authorization for a digest challenge (RFC 7616 §3.4), with the right response for its
 * parameters. A {@link Phone} writes its own credentials; this class is for messages that a test writes, such as those
 * of an attacker.
 *
 * <pre>{@code
 * DigestCredentials.of("alice", "sip.test", "secret", nonce).request("REGISTER", "sip:sip.test").value()
 * }</pre>
 *
 * <p>Default: MD5, qop=auth, the first use of the nonce. Each method changes one thing and returns this object. Not
 * thread-safe. Does not depend on the server side of {@code sipproxy-security}, which is tested with it.
 */
public final class DigestCredentials {

    private final Map<String, String> parameters = new LinkedHashMap<>();
    private String method = "REGISTER";
    private String password;
    private @Nullable String body;

    private DigestCredentials(String user, String realm, String password, String nonce) {
        parameters.put("username", Objects.requireNonNull(user, "user"));
        parameters.put("realm", Objects.requireNonNull(realm, "realm"));
        parameters.put("nonce", Objects.requireNonNull(nonce, "nonce"));
        parameters.put("uri", "sip:" + realm);
        parameters.put("algorithm", DigestAlgorithm.MD5.token());
        parameters.put("cnonce", Unique.word("c"));
        parameters.put("qop", "auth");
        parameters.put("nc", "00000001");
        this.password = Objects.requireNonNull(password, "password");
    }

    /** Returns credentials for a REGISTER at the realm. */
    public static DigestCredentials of(String user, String realm, String password, String nonce) {
        return new DigestCredentials(user, realm, password, nonce);
    }

    /** Returns the HA1 of a user (RFC 7616 §3.4.2) in lower-case hex, for a credential store without passwords. */
    public static String ha1(DigestAlgorithm algorithm, String user, String realm, String password) {
        return algorithm.ha1(user, realm, password);
    }

    /** Sets the method and the {@code uri} parameter. */
    public DigestCredentials request(String name, String uri) {
        return method(name).with("uri", uri);
    }

    /** Sets the method of the request. Default REGISTER. */
    public DigestCredentials method(String name) {
        method = Objects.requireNonNull(name, "name");
        return this;
    }

    /** Sets the password. */
    public DigestCredentials password(String text) {
        password = Objects.requireNonNull(text, "text");
        return this;
    }

    /** Sets the algorithm. Default MD5. */
    public DigestCredentials algorithm(DigestAlgorithm algorithm) {
        return with("algorithm", algorithm.token());
    }

    /** Sets or adds a parameter, unquoted and unescaped. An unknown {@code algorithm} is calculated as MD5. */
    public DigestCredentials with(String parameter, String value) {
        parameters.put(Objects.requireNonNull(parameter, "parameter"), Objects.requireNonNull(value, "value"));
        return this;
    }

    /** Removes a parameter. The response is calculated as if it were empty. */
    public DigestCredentials without(String parameter) {
        parameters.remove(parameter);
        return this;
    }

    /** Removes qop, nc and cnonce, and calculates the response without them (RFC 2069). */
    public DigestCredentials withoutQop() {
        return without("qop").without("nc").without("cnonce");
    }

    /** Sets qop=auth-int, whose response also covers the body. */
    public DigestCredentials body(String text) {
        body = Objects.requireNonNull(text, "text");
        return with("qop", "auth-int");
    }

    /** Returns the {@code response} parameter. */
    public String response() {
        DigestAlgorithm algorithm = DigestAlgorithm.of(parameter("algorithm")).orElse(DigestAlgorithm.MD5);
        String ha1 = ha1(algorithm, parameter("username"), parameter("realm"), password);
        String covered = body;
        String ha2 = algorithm.hash(
                method + ":" + parameter("uri") + (covered == null ? "" : ":" + algorithm.hash(covered)));
        boolean qop = parameters.containsKey("qop");
        return qop
                ? algorithm.hash(String.join(
                        ":", ha1, parameter("nonce"), parameter("nc"), parameter("cnonce"), parameter("qop"), ha2))
                : algorithm.hash(String.join(":", ha1, parameter("nonce"), ha2));
    }

    private String parameter(String name) {
        return parameters.getOrDefault(name, "");
    }

    /** Returns the value of the header: all parameters, quoted where RFC 3261 §25.1 requires it, and the response. */
    public String value() {
        return "Digest "
                + parameters.entrySet().stream()
                        .map(p -> p.getKey() + "=" + quoted(p.getKey(), p.getValue()))
                        .collect(Collectors.joining(", "))
                + ", response=\"" + response() + "\"";
    }

    private static String quoted(String name, String value) {
        return switch (name) {
            case "algorithm", "qop", "nc" -> value;
            default -> "\"" + value.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
        };
    }

    /** Returns {@link #value()}. */
    @Override
    public String toString() {
        return value();
    }
}
