package org.sipproxy.security;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Client side of digest authentication, written from RFC 7616 §3.4 independently of the code under test. Starts as user
 * 1001 of example.org; each {@code with} method changes one thing.
 */
final class TestPhone {

    private final Map<String, String> params = new LinkedHashMap<>();
    private String method = "REGISTER";
    private String password = "secret";
    private boolean qop = true;
    private String body;

    TestPhone(String nonce) {
        params.put("username", "1001");
        params.put("realm", "example.org");
        params.put("nonce", nonce);
        params.put("uri", "sip:example.org");
        params.put("algorithm", "MD5");
        params.put("cnonce", "0a4f113b");
        params.put("qop", "auth");
        params.put("nc", "00000001");
    }

    TestPhone with(String name, String value) {
        params.put(name, value);
        return this;
    }

    TestPhone without(String name) {
        params.remove(name);
        return this;
    }

    TestPhone method(String name) {
        this.method = name;
        return this;
    }

    TestPhone password(String text) {
        this.password = text;
        return this;
    }

    /** Omits qop, as RFC 2069 does. */
    TestPhone withoutQop() {
        this.qop = false;
        return without("qop").without("nc").without("cnonce");
    }

    /** Also covers this body, with qop=auth-int. */
    TestPhone body(String text) {
        this.body = text;
        return with("qop", "auth-int");
    }

    String response() {
        String ha1 = hash(params.get("username") + ":" + params.get("realm") + ":" + password);
        String ha2 = hash(method + ":" + params.get("uri") + (body == null ? "" : ":" + hash(body)));
        return qop
                ? hash(String.join(
                        ":", ha1, params.get("nonce"), params.get("nc"), params.get("cnonce"), params.get("qop"), ha2))
                : hash(String.join(":", ha1, params.get("nonce"), ha2));
    }

    private String hash(String text) {
        return switch (params.getOrDefault("algorithm", "MD5")) {
            case "SHA-256" -> hash("SHA-256", text);
            case "SHA-512-256" -> hash("SHA-512/256", text);
            default -> md5(text);
        };
    }

    /** Returns the header value: all parameters, quoted where RFC 3261 §25.1 requires it, and the right response. */
    String credentials() {
        return "Digest "
                + params.entrySet().stream()
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

    static String md5(String text) {
        return hash("MD5", text);
    }

    static String hash(String algorithm, String text) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance(algorithm).digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
