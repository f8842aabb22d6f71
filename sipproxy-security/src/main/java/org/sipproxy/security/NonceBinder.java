package org.sipproxy.security;

import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.support.KeyedHash;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;

/** Keyed hash, for each secret, of what a nonce is bound to. */
final class NonceBinder {

    private final List<KeyedHash> keys;
    private final boolean uri;
    private final boolean source;
    private final boolean callId;
    private final boolean fromTag;

    NonceBinder(Set<NonceBinding> bindings, List<byte[]> secrets) {
        Set<NonceBinding> set = bindings.isEmpty() ? EnumSet.noneOf(NonceBinding.class) : EnumSet.copyOf(bindings);
        this.keys = secrets.stream()
                .map(secret -> KeyedHash.of(secret, "nonce binding"))
                .toList();
        this.uri = set.contains(NonceBinding.REQUEST_URI);
        this.source = set.contains(NonceBinding.SOURCE_ADDRESS);
        this.callId = set.contains(NonceBinding.CALL_ID);
        this.fromTag = set.contains(NonceBinding.FROM_TAG);
    }

    /** Returns the hash with the secret of that index, 48 bits. */
    long of(StageContext context, int secret) throws SipParseException {
        KeyedHash key = keys.get(secret);
        long h = 0;
        if (uri) {
            SipUri target = context.request().requestUri();
            // as lenient as the comparison with the digest's uri: all names of this proxy are the same, ports and
            // parameters do not count
            h = add(key, h, target.user());
            h = add(
                    key,
                    h,
                    target.isSip() ? context.domainOf(target).orElseGet(target::normalHost) : target.toString());
        }
        if (source) {
            byte[] address = context.flow().remoteAddress().getAddress().getAddress();
            h = key.hash(h, address, 0, address.length);
        }
        if (callId) {
            h = add(key, h, context.request().callId());
        }
        if (fromTag) {
            h = add(key, h, context.request().fromTag());
        }
        return h & 0xffff_ffff_ffffL;
    }

    private static long add(KeyedHash key, long before, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return key.hash(before, bytes, 0, bytes.length);
    }
}
