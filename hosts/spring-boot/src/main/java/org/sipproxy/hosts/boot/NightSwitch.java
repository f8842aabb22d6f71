package org.sipproxy.hosts.boot;

import java.util.concurrent.atomic.AtomicBoolean;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.message.Method;
import org.sipproxy.message.StatusCode;
import org.springframework.stereotype.Component;

/** Stage of the application: while it is on, calls are declined. */
@Component
class NightSwitch implements RequestStage {

    private final AtomicBoolean on = new AtomicBoolean();

    void turn(boolean night) {
        on.set(night);
    }

    @Override
    public Verdict handle(StageContext context) {
        boolean isCall = context.request().method().equals(Method.INVITE);
        return isCall && on.get() ? Verdict.respond(StatusCode.DECLINE, "Closed") : Verdict.proceed();
    }

    @Override
    public boolean mayBlock() {
        return false;
    }
}
