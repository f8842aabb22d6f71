package org.sipproxy.core.internal.tls;

import java.net.InetAddress;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.sipproxy.message.HostName;
import org.sipproxy.message.IpLiteral;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;

/**
 * Identities of a certificate (RFC 5922 §7.1). Only subjectAltName counts. The common name, which the RFC allows as a
 * fallback, is not verified by certificate authorities.
 *
 * @param domains SIP domains in lower case
 * @param addresses IP addresses, for peers that a URI names by address
 */
public record SipIdentities(Set<String> domains, Set<InetAddress> addresses) {

    /** No identity. */
    public static final SipIdentities NONE = new SipIdentities(Set.of(), Set.of());

    // RFC 5280 §4.2.1.6, the alternatives of GeneralName
    private static final int DNS_NAME = 2;
    private static final int URI = 6;
    private static final int IP_ADDRESS = 7;

    /** Returns the identities of a certificate; entries that cannot be parsed are ignored. */
    public static SipIdentities of(X509Certificate certificate) {
        Collection<List<?>> names;
        try {
            names = certificate.getSubjectAlternativeNames();
        } catch (CertificateParsingException e) {
            return NONE;
        }
        if (names == null) {
            return NONE;
        }
        Set<String> uris = new HashSet<>();
        Set<String> hosts = new HashSet<>();
        Set<InetAddress> addresses = new HashSet<>();
        for (List<?> name : names) {
            if (name.get(0) instanceof Integer type && name.get(1) instanceof String value) {
                switch (type) {
                    case DNS_NAME -> hosts.add(value.toLowerCase(Locale.ROOT));
                    case URI -> sipDomain(value).ifPresent(uris::add);
                    case IP_ADDRESS -> IpLiteral.parse(value).ifPresent(addresses::add);
                    default -> {
                        // not the name of a SIP server
                    }
                }
            }
        }
        // §7.1: a DNS name is an identity only if there is no sip URI that is one
        return new SipIdentities(Set.copyOf(uris.isEmpty() ? hosts : uris), Set.copyOf(addresses));
    }

    /** A sip URI without a user names a domain; with a user it names that user. */
    private static Optional<String> sipDomain(String text) {
        try {
            SipUri uri = SipUri.parse(text);
            return uri.isSip() && !uri.isSecure() && !uri.hasUser() ? Optional.of(uri.normalHost()) : Optional.empty();
        } catch (SipParseException e) {
            return Optional.empty();
        }
    }

    /**
     * Returns true if the certificate is for this host of a URI. The whole name must match: a wildcard is not a SIP
     * domain (§7.2).
     */
    public boolean covers(String host) {
        Optional<InetAddress> address = IpLiteral.parse(host);
        return address.isPresent() ? addresses.contains(address.get()) : domains.contains(HostName.normal(host));
    }
}
