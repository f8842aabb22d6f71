package org.sipproxy.core.internal.flight;

import java.time.Duration;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.EventType;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;
import org.sipproxy.api.call.Call;

@Name("sipproxy.Call")
@Label("Call")
@Description("A call has ended")
@Category("SIP Proxy")
@StackTrace(false)
@SuppressWarnings("UnusedVariable") // the recorder reads the fields
final class CallEvent extends Event {

    /** Starts the recorder. */
    private static final class Type {
        static final EventType TYPE = EventType.getEventType(CallEvent.class);
    }

    @Label("Caller")
    private String caller = "";

    @Label("Callee")
    private String callee = "";

    @Label("Authenticated User")
    private String user = "";

    @Label("Answered")
    private boolean answered;

    @Label("Set-up Time")
    @Description("From the INVITE to the answer, or to the end of a call that was not answered")
    @Timespan(Timespan.MILLISECONDS)
    private long setup;

    @Label("Talk Time")
    @Description("From the answer to the end")
    @Timespan(Timespan.MILLISECONDS)
    private long talk;

    @Label("Ended by")
    private String side = "";

    @Label("Reason of the End")
    private String reason = "";

    @Label("Status")
    @Description("Final response that ended a call before it was answered; 0 if there was none")
    private int status;

    @Label("Call-ID")
    private String callId = "";

    static boolean isOn() {
        return Type.TYPE.isEnabled();
    }

    static void write(Call ended) {
        CallEvent event = new CallEvent();
        event.caller = Text.of(ended.caller().uri().toString());
        event.callee = Text.of(ended.callee().uri().toString());
        event.user = Text.of(ended.authenticatedUser().orElse(""));
        event.answered = ended.answeredAt().isPresent();
        event.setup = ended.answeredAt()
                .or(ended::endedAt)
                .map(until ->
                        Math.max(0, Duration.between(ended.startedAt(), until).toMillis()))
                .orElse(0L);
        event.talk = ended.duration().toMillis();
        ended.end().ifPresent(end -> {
            event.side = end.side().name();
            event.reason = end.reason().name();
            event.status = end.statusCode();
        });
        event.callId = Text.of(ended.callId());
        event.commit();
    }
}
