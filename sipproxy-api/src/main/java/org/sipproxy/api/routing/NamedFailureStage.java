package org.sipproxy.api.routing;

/** A failure stage with another name. */
record NamedFailureStage(FailureStage stage, String name) implements FailureStage {

    @Override
    public Verdict handle(FailureContext context) throws Exception {
        return stage.handle(context);
    }
}
