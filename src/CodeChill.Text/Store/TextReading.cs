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
