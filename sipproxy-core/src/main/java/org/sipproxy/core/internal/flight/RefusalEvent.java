package org.sipproxy.core.internal.flight;

import java.net.InetSocketAddress;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.EventType;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipRequest;

@Name("sipproxy.Refusal")
@Label("Refusal")
@Description("The proxy refused or dropped a request, a connection or bytes")
@Category("SIP Proxy")
@StackTrace(false)
@SuppressWarnings("UnusedVariable") // the recorder reads the fields
final class RefusalEvent extends Event {

    /** Starts the recorder. */
    private static final class Type {
        static final EventType TYPE = EventType.getEventType(RefusalEvent.class);
    }

    @Label("Status")
    @Description("0 if there was no response")
    private int status;

    @Label("Reason")
    private String reason = "";

    @Label("Method")
    private String method = "";

    @Label("Source")
    private String source = "";

    @Label("From")
    private String from = "";

    @Label("To")
    private String to = "";

    @Label("Call-ID")
    private String callId = "";

    static boolean isOn() {
        return Type.TYPE.isEnabled();
    }

    static void write(
            int status, String why, InetSocketAddress source, TransportKind transport, @Nullable SipRequest request) {
        RefusalEvent event = new RefusalEvent();
        event.status = status;
        event.reason = Text.of(why);
        event.source = Text.source(transport, source);
        if (request != null) {
            event.method = Text.of(request.method().name());
            event.from = Text.of(request, HeaderName.FROM);
            event.to = Text.of(request, HeaderName.TO);
            event.callId = Text.of(request, HeaderName.CALL_ID);
        }
        event.commit();
    }
}
