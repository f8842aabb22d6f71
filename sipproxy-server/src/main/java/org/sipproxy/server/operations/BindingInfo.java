package org.sipproxy.server.operations;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.message.SipUri;

/**
 * A registered contact.
 *
 * @param aor the address-of-record
 * @param contact the contact URI
 * @param expiresIn remaining lifetime in seconds
 * @param updatedAgo seconds since it was added or refreshed
 * @param q the q value; empty if the client sent none
 * @param callId the Call-ID of the REGISTER
 * @param cseq the CSeq number of the REGISTER
 * @param userAgent the client's User-Agent; empty if it sent none
 * @param received the source address if the client is behind a NAT
 * @param flow the connection or address that it registered over, if this process knows it
 * @param socket the listening point that it registered at
 * @param path the Path; empty if there is none
 * @param instance {@code +sip.instance}; empty if there is none
 * @param regId {@code reg-id}; 0 if there is none
 * @param methods the methods that the client allows; empty for all
 */
public record BindingInfo(
        String aor,
        String contact,
        long expiresIn,
        long updatedAgo,
        Optional<Float> q,
        String callId,
        long cseq,
        String userAgent,
        Optional<String> received,
        Optional<String> flow,
        Optional<String> socket,
        List<String> path,
        String instance,
        int regId,
        List<String> methods) {

    static BindingInfo of(Aor aor, Binding binding, Instant now) {
        return new BindingInfo(
                aor.toString(),
                binding.contact().toString(),
                binding.remainingSeconds(now.toEpochMilli()),
                Math.max(0, (now.toEpochMilli() - binding.updatedAtMillis()) / 1_000),
                binding.q() == Binding.Q_UNSPECIFIED ? Optional.empty() : Optional.of(binding.q()),
                binding.callId(),
                binding.cseq(),
                binding.userAgent(),
                binding.received().map(SipUri::toString),
                binding.flow().map(flow -> flow.kind().lowerCase() + ":" + Addresses.text(flow.remoteAddress())),
                binding.socket().map(Object::toString),
                binding.path().stream().map(SipUri::toString).toList(),
                binding.instanceId(),
                binding.regId(),
                new TreeSet<>(binding.methods().stream()
                                .map(method -> method.name())
                                .toList())
                        .stream().toList());
    }
}
