package org.sipproxy.core.internal.flight;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.EventType;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;

@Name("sipproxy.Registration")
@Label("Registration")
@Description("A binding was added, refreshed or removed")
@Category("SIP Proxy")
@StackTrace(false)
@SuppressWarnings("UnusedVariable") // the recorder reads the fields
final class RegistrationEvent extends Event {

    /** Starts the recorder. */
    private static final class Type {
        static final EventType TYPE = EventType.getEventType(RegistrationEvent.class);
    }

    @Label("Address of Record")
    private String aor = "";

    @Label("Contact")
    private String contact = "";

    @Label("Change")
    private String change = "";

    @Label("Reason of the Removal")
    private String reason = "";

    @Label("Expires")
    @Timespan(Timespan.SECONDS)
    private long expires;

    @Label("Call-ID")
    private String callId = "";

    static boolean isOn() {
        return Type.TYPE.isEnabled();
    }

    static void write(Aor aor, Binding binding, String change, String reason, long expiresSeconds) {
        RegistrationEvent event = new RegistrationEvent();
        event.aor = aor.toString();
        event.contact = Text.of(binding.contact().toString());
        event.change = change;
        event.reason = reason;
        event.expires = expiresSeconds;
        event.callId = Text.of(binding.callId());
        event.commit();
    }
}
