package org.sipproxy.core.internal.codec;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.message.SipUri;

/**
 * AOR for which one side of a dialog is registered, in the parameter {@code ru} of that side's Record-Route URI. It is
 * written if neither From nor To names it, as with an anonymous caller or a called alias. The other side must not learn
 * it, so it is encrypted (AES-GCM) and padded to a multiple of 16 bytes to hide its length. It is valid only together
 * with the URI's {@link RouteSignature}.
 */
public final class SealedUsers {

    private static final String NAME = "ru";
    private static final String CIPHER = "AES/GCM/NoPadding";
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BITS = 128;
    private static final int PADDED_BYTES = 16;
    /** Longer AORs are not written, because the header must not grow without a limit. */
    private static final int MAX_BYTES = 128;

    private static final byte[] NONE = {};

    private final SecureRandom random = new SecureRandom();
    private final SecretKeySpec key;

    /**
     * @param key 32 bytes, the same in proxies that take over each other's dialogs, and after a restart
     */
    public SealedUsers(byte[] key) {
        this.key = new SecretKeySpec(key, "AES");
    }

    /**
     * Returns {@code ;ru=} and the encrypted AOR; empty if it is too long.
     *
     * @param signature the URI's parameter {@code rs}, from {@link RouteSignature#parameter}
     */
    public byte[] parameter(Aor user, byte[] signature) {
        byte[] text = (user.user() + "@" + user.domain()).getBytes(StandardCharsets.UTF_8);
        if (text.length > MAX_BYTES) {
            return NONE;
        }
        byte[] padded = Arrays.copyOf(text, (text.length + PADDED_BYTES - 1) / PADDED_BYTES * PADDED_BYTES);
        byte[] sealed = new byte[NONCE_BYTES + padded.length + TAG_BITS / 8];
        byte[] nonce = new byte[NONCE_BYTES];
        random.nextBytes(nonce);
        System.arraycopy(nonce, 0, sealed, 0, NONCE_BYTES);
        int value = RouteSignature.PARAMETER.length;
        try {
            Cipher cipher = cipher(Cipher.ENCRYPT_MODE, nonce);
            cipher.updateAAD(signature, value, signature.length - value);
            cipher.doFinal(padded, 0, padded.length, sealed, NONCE_BYTES);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JVM lacks " + CIPHER + ", which every JVM must have", e);
        }
        String encoded = Base64.getUrlEncoder().withoutPadding().encodeToString(sealed);
        return (";" + NAME + "=" + encoded).getBytes(StandardCharsets.US_ASCII);
    }

    /**
     * Returns the AOR that a Route holds; null if it holds none of this proxy's. Does not check the Route's signature
     * itself.
     */
    public @Nullable Aor user(SipUri route) {
        if (!route.hasParameter(NAME)) {
            return null;
        }
        byte[] signature = route.parameter(RouteSignature.NAME).orElse("").getBytes(StandardCharsets.US_ASCII);
        try {
            byte[] sealed = Base64.getUrlDecoder().decode(route.parameter(NAME).orElse(""));
            if (sealed.length <= NONCE_BYTES) {
                return null;
            }
            Cipher cipher = cipher(Cipher.DECRYPT_MODE, Arrays.copyOf(sealed, NONCE_BYTES));
            cipher.updateAAD(signature);
            return address(cipher.doFinal(sealed, NONCE_BYTES, sealed.length - NONCE_BYTES));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            return null; // forged, or from a proxy with another secret
        }
    }

    private Cipher cipher(int mode, byte[] nonce) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance(CIPHER);
        cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
        return cipher;
    }

    private static @Nullable Aor address(byte[] padded) {
        String text = new String(padded, StandardCharsets.UTF_8);
        int end = text.indexOf('\0');
        text = end < 0 ? text : text.substring(0, end);
        int at = text.lastIndexOf('@');
        return at < 0 ? null : new Aor(text.substring(0, at), text.substring(at + 1));
    }
}
