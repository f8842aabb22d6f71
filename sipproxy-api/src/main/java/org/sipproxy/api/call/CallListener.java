package org.sipproxy.api.call;

/** Listener for the calls of a proxy, such as for call records, presence or a wallboard. */
@FunctionalInterface
public interface CallListener {

    /**
     * Called when a call has started, rings, was answered, or has ended. One thread of the proxy,
     * {@code <proxy>-calls}, notifies all listeners in the order of the events. It holds no lock, and no message waits
     * for it. The listener may block, which delays later events. If 100,000 events wait, further ones are dropped and
     * counted ({@link CallStatistics#droppedEvents}). An exception is logged.
     */
    void onCall(CallEvent event);
}
