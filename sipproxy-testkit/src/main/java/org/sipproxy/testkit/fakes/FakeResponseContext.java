package org.sipproxy.testkit.fakes;

import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Optional;
import javax.sip.message.Response;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.routing.ResponseStageContext;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipUri;
import org.sipproxy.message.jain.JainResponse;

/**
 * Context of a response, for the unit test of a response stage. The proxy listens on {@code 192.0.2.1:5060} and serves
 * {@code example.org}. The response arrives on a UDP flow of {@code 198.51.100.7:5060}.
 */
public final class FakeResponseContext implements ResponseStageContext {

    private SipResponse response;
    private @Nullable JainResponse view;
    private Flow flow = FakeFlow.udp("198.51.100.7", 5060);
    private @Nullable Target target;

    /** Creates the context of a response without a target. */
    public FakeResponseContext(SipResponse response) {
        this.response = Objects.requireNonNull(response, "response");
    }

    /**
     * Returns the context of a response.
     *
     * @param text lines that end in LF; the empty line after the headers may be omitted
     * @throws IllegalArgumentException if the text is not a SIP response
     */
    public static FakeResponseContext of(String text) {
        String lines = text.endsWith("\n\n") ? text : text.stripTrailing() + "\n\n";
        byte[] wire = lines.replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8);
        try {
            return new FakeResponseContext((SipResponse) SipMessage.parse(wire, ParseLimits.DEFAULT));
        } catch (SipParseException | ClassCastException e) {
            throw new IllegalArgumentException("text: not a SIP response", e);
        }
    }

    /** Sets the flow that the response arrived on. */
    public FakeResponseContext on(Flow arrival) {
        flow = arrival;
        return this;
    }

    /** Sets the target that the request was sent to. Default none. */
    public FakeResponseContext from(Target requested) {
        target = requested;
        return this;
    }

    @Override
    public SipResponse response() {
        if (view != null) {
            response = view.message();
        }
        return response;
    }

    @Override
    public void replace(SipResponse edited) {
        response = edited;
        view = null;
    }

    @Override
    public Response jain() {
        JainResponse current = view;
        if (current == null) {
            current = JainResponse.of(response);
            view = current;
        }
        return current;
    }

    @Override
    public Flow flow() {
        return flow;
    }

    @Override
    public Optional<Target> target() {
        return Optional.ofNullable(target);
    }

    @Override
    public boolean isMyself(SipUri uri) {
        return uri.hostIs("example.org") || uri.hostIs("192.0.2.1");
    }
}
