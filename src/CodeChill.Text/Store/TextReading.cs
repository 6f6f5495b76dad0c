using CodeChill.Text.Encoding;

namespace CodeChill.Text.Store;

internal sealed partial class ItemStore
{
    /// <summary>The text of a list; with <paramref name="objects"/> every other visible element shows as U+FFFC.</summary>
    public string TextOf(int type, bool objects)
    {
        int length = Types[type].Length;
        if (!objects)
        {
            for (int handle = Types[type].First; handle >= 0; handle = Items[handle].Right)
            {
                ref var item = ref Items[handle];
                length -= item.Kind == Kind.String ? 0 : item.VisibleLength;
            }
        }

        return length == 0 ? "" : string.Create(length, (this, type, objects), static (target, state) => state.Item1.CopyList(state.type, state.objects, target));
    }

    /// <summary>A part of a list's text, everything visible that is no text as U+FFFC.</summary>
    public string TextOf(int type, int start, int length) =>
        length == 0 ? "" : string.Create(length, (this, type, start), static (target, state) => state.Item1.CopyRange(state.type, state.start, target));

    private void CopyRange(int type, int start, Span<char> target)
    {
        int handle = ItemAt(type, start, out int offset);
        while (!target.IsEmpty)
        {
            ref var item = ref Items[handle];
            int part = Math.Min(target.Length, item.VisibleLength - offset);
            if (part > 0)
            {
                if (item.Kind == Kind.String)
                {
                    CopyText(in item, offset, target[..part]);
                }
                else
                {
                    target[..part].Fill(ObjectCharacter);
                }

                target = target[part..];
            }

            offset = 0;
            handle = item.Right;
        }
    }

    private void CopyList(int type, bool objects, Span<char> target)
    {
        for (int handle = Types[type].First; handle >= 0; handle = Items[handle].Right)
        {
            ref var item = ref Items[handle];
            if (item.Kind == Kind.String)
            {
                CopyText(in item, 0, target[..item.Length]);
                target = target[item.Length..];
            }
            else if (objects && item.VisibleLength is > 0 and int visible)
            {
                target[..visible].Fill(ObjectCharacter);
                target = target[visible..];
            }
        }
    }
}
