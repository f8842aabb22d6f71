package org.sipproxy.jdbc;

import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.auth.DigestAlgorithm;

/**
 * Credentials of one subscriber, against which digests are verified.
 *
 * @param bare for the digest user name {@code user}
 * @param qualified for the digest user name {@code user@domain}
 * @param otherSpelling true if the name has capital letters and the domain has another subscriber whose name differs in
 *     case only
 */
record Credentials(Optional<Credential> bare, Optional<Credential> qualified, boolean otherSpelling) {

    static final Credentials NONE = new Credentials(Optional.empty(), Optional.empty());

    Credentials(Optional<Credential> bare, Optional<Credential> qualified) {
        this(bare, qualified, false);
    }

    Credentials withOtherSpelling(boolean exists) {
        return new Credentials(bare, qualified, exists);
    }

    /** Returns the credentials of stored hashes; a hash that is invalid or of the empty password counts as missing. */
    static Credentials ofHashes(String username, String domain, String ha1, String ha1b, String sha256) {
        return new Credentials(
                credential(username, domain, ha1, sha256), credential(username + "@" + domain, domain, ha1b, ""));
    }

    /** Returns the credentials of a plain password, which is not kept. */
    static Credentials ofPassword(String username, String domain, String password) {
        return new Credentials(
                Optional.of(hashed(username, domain, password)),
                Optional.of(hashed(username + "@" + domain, domain, password)));
    }

    /**
     * Returns true if the bare user name has no two different hashes of the same algorithm here and in {@code other};
     * missing hashes are ignored.
     */
    boolean agreesWith(Credentials other) {
        if (bare.isEmpty() || other.bare.isEmpty()) {
            return true;
        }
        for (DigestAlgorithm algorithm : DigestAlgorithm.values()) {
            Optional<String> mine = bare.get().ha1(algorithm);
            Optional<String> others = other.bare.get().ha1(algorithm);
            if (mine.isPresent() && others.isPresent() && !mine.get().equalsIgnoreCase(others.get())) {
                return false;
            }
        }
        return true;
    }

    private static Credential hashed(String digestUser, String realm, String password) {
        Map<DigestAlgorithm, String> hashes = new EnumMap<>(DigestAlgorithm.class);
        for (DigestAlgorithm algorithm : DigestAlgorithm.values()) {
            hashes.put(algorithm, algorithm.ha1(digestUser, realm, password));
        }
        return Credential.ofHa1(digestUser, realm, hashes);
    }

    /** Reads the algorithm off the hash's length: kamctl writes SHA-256 into {@code ha1} if CMDHASH says so. */
    private static Optional<Credential> credential(String digestUser, String realm, String hash, String sha256) {
        boolean md5 = isUsable(digestUser, realm, DigestAlgorithm.MD5, hash);
        String strong = isHex(sha256, DigestAlgorithm.SHA_256.hexLength()) ? sha256 : hash;
        boolean sha = isUsable(digestUser, realm, DigestAlgorithm.SHA_256, strong);
        if (md5 && sha) {
            return Optional.of(Credential.ofHa1(
                    digestUser, realm, Map.of(DigestAlgorithm.MD5, hash, DigestAlgorithm.SHA_256, strong)));
        }
        if (md5) {
            return Optional.of(Credential.ofHa1(digestUser, realm, hash));
        }
        return sha
                ? Optional.of(Credential.ofHa1(digestUser, realm, Map.of(DigestAlgorithm.SHA_256, strong)))
                : Optional.empty();
    }

    private static boolean isUsable(String digestUser, String realm, DigestAlgorithm algorithm, String hash) {
        return isHex(hash, algorithm.hexLength()) && !Credential.isOfEmptyPassword(digestUser, realm, algorithm, hash);
    }

    private static boolean isHex(String text, int length) {
        if (text.length() != length) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            char c = text.charAt(i);
            if (c >= 128 || Character.digit(c, 16) < 0) {
                return false;
            }
        }
        return true;
    }
}
