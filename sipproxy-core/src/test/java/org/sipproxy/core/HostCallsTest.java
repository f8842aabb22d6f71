package org.sipproxy.core;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.event.ProxyListener;
import org.sipproxy.api.event.SecurityEvent;
import org.sipproxy.core.internal.guard.HostCall;

/**
 * The core calls code of the host application only in a block that catches Throwable and passes it to {@link HostCall}.
 * Exceptions of calls while the proxy is built or started propagate to the host application.
 */
class HostCallsTest {

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(location -> !location.contains("test-classes") && !location.contains("-tests.jar"))
            .importPackages("org.sipproxy.core", "org.sipproxy.api");

    /** Methods that, besides constructors, only {@code build()}, {@code start()} or the adding of a listener calls. */
    private static final Set<String> THROW_TO_THE_CALLER = Set.of(
            "org.sipproxy.core.SipProxyBuilder.add",
            "org.sipproxy.core.SipProxyBuilder.checkAuthentication",
            "org.sipproxy.core.SipProxyBuilder.checkStages",
            "org.sipproxy.core.SipProxyBuilder.component",
            "org.sipproxy.core.SipProxyBuilder.installComponents",
            "org.sipproxy.core.internal.engine.Components.start",
            "org.sipproxy.core.internal.engine.ProxyEngine.start",
            "org.sipproxy.core.internal.location.LocationEvents$Chosen.of");

    /** The class whose calls are lambdas that it runs in one block. */
    private static final String REPOSITORY = "org.sipproxy.core.internal.location.WatchedRepository";

    /** The classes between that one and the repository of the host application. */
    private static final Set<String> ROWS =
            Set.of("org.sipproxy.core.internal.location.WallClockRows", "org.sipproxy.core.internal.location.NodeRows");

    @Test
    void coreCallsHostCodeOnlyWithinTheGuard() {
        assertThat(unguarded(CLASSES)).isEmpty();
    }

    @Test
    void ruleFindsACallThatIsNotGuarded() {
        assertThat(unguarded(new ClassFileImporter().importClasses(Unguarded.class, HostCall.class)))
                .hasSize(3)
                .anyMatch(line -> line.contains("bare"))
                .anyMatch(line -> line.contains("exceptionsOnly"))
                .anyMatch(line -> line.contains("inALambda"));
    }

    @Test
    void everyInterfaceOfTheApiIsKnownToTheRule() {
        Set<String> known = new HashSet<>();
        Stream.of(HostInterfaces.CALLED, HostInterfaces.CALLED_BY_ADD_ONS, HostInterfaces.OF_THE_PROXY)
                .flatMap(Set::stream)
                .forEach(type -> known.add(type.getName()));

        assertThat(CLASSES.stream()
                        .filter(type -> type.getPackageName().startsWith("org.sipproxy.api."))
                        .filter(type -> type.isInterface() && !type.isAnnotation() && type.isTopLevelClass())
                        .filter(type -> type.getModifiers().contains(JavaModifier.PUBLIC))
                        .filter(type -> !type.reflect().isSealed())
                        .map(JavaClass::getName))
                .containsExactlyInAnyOrderElementsOf(known);
    }

    private static List<String> unguarded(JavaClasses classes) {
        return classes.stream()
                .filter(type -> type.getPackageName().startsWith("org.sipproxy.core"))
                .flatMap(type -> Stream.concat(
                        type.getMethodCallsFromSelf().stream(), type.getMethodReferencesFromSelf().stream()))
                .filter(access -> !access.getName().equals("getClass")) // does not run code of the host application
                .filter(access -> HostInterfaces.CALLED.stream()
                        .anyMatch(type ->
                                type.getName().equals(access.getTargetOwner().getName())))
                .filter(access -> !isGuarded(access) && !throwsToTheCaller(access))
                .map(JavaAccess::getDescription)
                .toList();
    }

    private static boolean isGuarded(JavaAccess<?> access) {
        return access.getContainingTryBlocks().stream()
                        .anyMatch(block -> block.getCaughtThrowables().stream()
                                .anyMatch(type -> type.getName().equals(Throwable.class.getName())))
                && access.getOriginOwner().getMethodCallsFromSelf().stream()
                        .anyMatch(call -> call.getTargetOwner().getName().equals(HostCall.class.getName())
                                && call.getName().equals("failed"));
    }

    private static boolean throwsToTheCaller(JavaAccess<?> access) {
        String owner = access.getOriginOwner().getName();
        return access.getOrigin().isConstructor()
                || THROW_TO_THE_CALLER.contains(owner + "." + access.getOrigin().getName())
                || ROWS.contains(owner)
                || (owner.equals(REPOSITORY) && access.isDeclaredInLambda());
    }

    /** Violations that the rule must find. Never executed. */
    @SuppressWarnings("UnusedMethod")
    private static final class Unguarded {

        private final HostCall host = new HostCall("a test");

        void bare(ProxyListener listener, SecurityEvent event) {
            listener.onEvent(event);
        }

        void exceptionsOnly(ProxyListener listener, SecurityEvent event) {
            try {
                listener.onEvent(event);
            } catch (RuntimeException e) {
                host.failed(e);
            }
        }

        Runnable inALambda(ProxyListener listener, SecurityEvent event) {
            try {
                return () -> listener.onEvent(event);
            } catch (Throwable e) {
                host.failed(e);
                return () -> {};
            }
        }

        void guarded(ProxyListener listener, SecurityEvent event) {
            try {
                listener.onEvent(event);
            } catch (Throwable e) {
                host.failed(e);
            }
        }
    }
}
