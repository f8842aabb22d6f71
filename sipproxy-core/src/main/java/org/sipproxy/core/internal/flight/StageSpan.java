package org.sipproxy.core.internal.flight;

import org.sipproxy.message.SipRequest;

/** Measurement of one stage for one request. Begun and ended by any threads, but ended once. */
public interface StageSpan {

    /** Ends the measurement. It is recorded if the stage has taken as long as the threshold of the recording. */
    void end(String stage, SipRequest request);
}
