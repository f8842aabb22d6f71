package org.sipproxy.core.internal.flight;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.EventType;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Threshold;
import org.jspecify.annotations.Nullable;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipRequest;

@Name("sipproxy.SlowStage")
@Label("Slow Stage")
@Description("A stage took long for a request")
@Category("SIP Proxy")
@StackTrace(false)
@Threshold("20 ms")
@SuppressWarnings("UnusedVariable") // the recorder reads the fields
final class SlowStageEvent extends Event implements StageSpan {

    /** Starts the recorder. */
    private static final class Type {
        static final EventType TYPE = EventType.getEventType(SlowStageEvent.class);
    }

    @Label("Stage")
    private String stage = "";

    @Label("Method")
    private String method = "";

    @Label("Call-ID")
    private String callId = "";

    static @Nullable SlowStageEvent start() {
        if (!Type.TYPE.isEnabled()) {
            return null;
        }
        SlowStageEvent event = new SlowStageEvent();
        event.begin();
        return event;
    }

    @Override
    public void end(String name, SipRequest request) {
        end();
        if (shouldCommit()) {
            stage = name;
            method = Text.of(request.method().name());
            callId = Text.of(request, HeaderName.CALL_ID);
            commit();
        }
    }
}
