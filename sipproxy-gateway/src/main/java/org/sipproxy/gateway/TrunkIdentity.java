package org.sipproxy.gateway;

import java.util.List;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;

/** Writes the caller's identity as the provider wants it (RFC 3325). */
final class TrunkIdentity {

    private static final List<HeaderName> IDENTITIES =
            List.of(HeaderName.P_ASSERTED_IDENTITY, HeaderName.P_PREFERRED_IDENTITY);

    private TrunkIdentity() {}

    /**
     * Returns the request with the identity.
     *
     * @param caller who calls, as the provider knows it
     * @param trusted true if the caller's own identities may pass
     */
    static SipRequest edited(SipRequest request, CallerIdentity kind, SipUri caller, boolean trusted) {
        boolean hides = hasPrivacyId(request);
        return switch (kind) {
            case NONE -> trusted && !hides ? request : without(request);
            case FROM -> without(request); // ReplacedFrom writes it
            case P_ASSERTED_IDENTITY ->
                without(request).withHeaderBelow(HeaderName.P_ASSERTED_IDENTITY, "<" + caller + ">");
            case P_PREFERRED_IDENTITY ->
                without(request).withHeaderBelow(HeaderName.P_PREFERRED_IDENTITY, "<" + caller + ">");
        };
    }

    /** The values of Privacy are separated by semicolons (RFC 3323 §4.2). */
    private static boolean hasPrivacyId(SipRequest request) {
        for (String line : request.headers(HeaderName.PRIVACY)) {
            for (String value : line.split("[;,]", -1)) {
                if (value.strip().equalsIgnoreCase("id")) {
                    return true;
                }
            }
        }
        return false;
    }

    private static SipRequest without(SipRequest request) {
        SipRequest bare = request;
        for (HeaderName name : IDENTITIES) {
            bare = bare.hasHeader(name) ? bare.withoutHeader(name) : bare;
        }
        return bare;
    }
}
