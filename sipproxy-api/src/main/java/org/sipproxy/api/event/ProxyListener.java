package org.sipproxy.api.event;

/**
 * Is told what the proxy and its components report. Called on event loops: it must not block. During an attack events come in
 * the thousands a second; whoever logs them has to limit that. An exception is logged and changes nothing.
 */
@FunctionalInterface
public interface ProxyListener {

    /** Something happened. */
    void onEvent(SecurityEvent event);
}
