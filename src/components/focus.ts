import * as React from 'react';

/** The scrolled part of the panel that an element stands in. It holds the focus between two things to decide. */
export function conversationOf(
  element: HTMLElement | null
): HTMLElement | null {
  return element?.closest<HTMLElement>('.jp-Intern-conversation') ?? null;
}

/**
 * Whoever decided by keyboard goes on by keyboard; nobody else loses their place.
 *
 * @param element - What takes the focus when it appears, if the conversation has it.
 * @param key - Names what appeared.
 */
export function useContinuedFocus(
  element: React.RefObject<HTMLElement>,
  key: string
): void {
  React.useEffect(() => {
    if (document.activeElement === conversationOf(element.current)) {
      element.current?.focus({ preventScroll: true });
    }
  }, [element, key]);
}
